import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { settlesWithin } from "../../deadlines.ts";

/** A running server; `stop` may be called twice. */
export interface EmbeddedServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Is notified of each program that starts and ends, so that it can stop those that outlive this process. */
export interface Watch {
  started(pid: number): void;
  ended(pid: number): void;
}

/** How to start a server program, Postgres or Redis. */
export interface ProgramStart {
  cwd: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  identity?: { uid: number; gid: number };
  watch?: Watch;
}

/** Signals in the order in which they are sent, with the milliseconds to wait after each. */
type StopSteps = Partial<Record<NodeJS.Signals, number>>;

/**
 * Starts a server program in its own session, so that Ctrl-C in the terminal does not reach it before this
 * process has shut down. It does not keep this process alive. Rejects if it cannot be run.
 */
export async function startProgram(file: string, args: string[], start: ProgramStart) {
  const { cwd, env, identity, watch } = start;
  const log = await open(start.logFile, "w");
  const stdio = ["ignore", log.fd, log.fd] as const;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: [...stdio], ...identity });
  const pid = child.pid ?? 0;
  if (pid) watch?.started(pid);
  const ending = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      watch?.ended(pid);
      resolve(signal ?? `code ${code}`);
    });
  });
  try {
    await once(child, "spawn");
  } finally {
    await log.close();
  }
  child.unref();

  const running = () => child.exitCode === null && child.signalCode === null;
  const logTail = async () =>
    (await readFile(start.logFile, "utf8")).trim().split("\n").slice(-15).join("\n");
  const endsWithin = (limitMs: number): Promise<boolean> => settlesWithin(limitMs, ending);
  const stop = async (steps: StopSteps): Promise<void> => {
    for (const [signal, limitMs] of Object.entries(steps)) {
      if (!running()) return;
      process.kill(pid, signal);
      if (await endsWithin(limitMs)) return;
    }
    throw new Error(`${file} (pid ${pid}) did not exit after any signal.`);
  };
  const answersWithin = async (limitMs: number, check: () => Promise<void>): Promise<void> => {
    const deadline = Date.now() + limitMs;
    let fault: unknown;
    while (running() && Date.now() < deadline) {
      try {
        return await check();
      } catch (error) {
        fault = error;
        await delay(25);
      }
    }
    const reason = running()
      ? `did not answer within ${limitMs} ms (${fault})`
      : `ended with ${await ending}`;
    await stop({ SIGKILL: 5_000 });
    throw new Error(`${file} ${reason}. Its log ends with:\n${await logTail()}`);
  };
  return { pid, ending, endsWithin, answersWithin, stop, logTail };
}

/**
 * Calls `start` with the given port, or with a free one. Retries: another process may take the port before it
 * is bound.
 */
export async function onFreePort<T>(
  port: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  if (port !== undefined) return start(port);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === 3 || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string")
    throw new Error("The system did not return a free port.");
  return address.port;
}
