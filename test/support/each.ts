import net from "node:net";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost", "::ffff:127.0.0.1"]);
const GUARDED = Symbol.for("commonwork.test.guarded");

type Connect = typeof net.Socket.prototype.connect & { [GUARDED]?: true };

// A test that connects to another host lacks a fake. Test files share a process, so this is installed once.
const connect: Connect = net.Socket.prototype.connect;
if (!connect[GUARDED]) {
  const guarded = function (this: net.Socket, ...args: unknown[]) {
    const host = hostIn(args);
    if (host !== undefined && !LOOPBACK.has(host))
      throw new Error(`A test tried to reach ${host}: only loopback is allowed.`);
    return (connect as (...a: unknown[]) => net.Socket).apply(this, args);
  } as Connect;
  guarded[GUARDED] = true;
  net.Socket.prototype.connect = guarded;
}

function hostIn(args: readonly unknown[]): string | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === "object" && first !== null) return (first as { host?: string }).host;
  return typeof first === "number" && typeof second === "string" ? second : undefined;
}
