import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A started server; `stop` may be called twice. */
export interface EmbeddedServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Is told of every program that starts and ends, so that it can end those that outlive this one. */
export interface Watch {
  started(pid: number): void;
  ended(pid: number): void;
}

/** How to start a server program, for Postgres and Redis alike. */
export interface ProgramStart {
  cwd: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  identity?: { uid: number; gid: number };
  watch?: Watch;
}

/** Signals in the order in which they are tried, with the milliseconds each is given to work. */
type StopSteps = Partial<Record<NodeJS.Signals, number>>;

/**
 * Starts a server program in a session of its own, so that Ctrl-C in the terminal does not reach it before the
 * orderly shutdown of this program is through. It does not keep this program alive. Rejects when it cannot be run.
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
  const endsWithin = async (limitMs: number): Promise<boolean> => {
    const timer = new AbortController();
    const late = delay(limitMs, false, { signal: timer.signal }).catch(() => false);
    const inTime = await Promise.race([ending.then(() => true), late]);
    timer.abort();
    return inTime;
  };
  const stop = async (steps: StopSteps): Promise<void> => {
    for (const [signal, limitMs] of Object.entries(steps)) {
      if (!running()) return;
      process.kill(pid, signal);
      if (await endsWithin(limitMs)) return;
    }
    throw new Error(`${file} (pid ${pid}) did not end, whatever was sent.`);
  };
  const answersWithin = async (limitMs: number, ask: () => Promise<void>): Promise<void> => {
    const deadline = Date.now() + limitMs;
    let fault: unknown;
    while (running() && Date.now() < deadline) {
      try {
        return await ask();
      } catch (error) {
        fault = error;
        await delay(25);
      }
    }
    const reason = running()
      ? `did not answer within ${limitMs} ms (${fault})`
      : `ended with ${await ending}`;
    await stop({ SIGKILL: 5_000 });
    throw new Error(`${file} ${reason}. The end of its log:\n${await logTail()}`);
  };
  return { pid, ending, endsWithin, answersWithin, stop, logTail };
}

/** Calls `start` with the port given, or with free ones: between choosing and binding another may take it. */
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
  if (address === null || typeof address === "string") throw new Error("No free port was given.");
  return address.port;
}
