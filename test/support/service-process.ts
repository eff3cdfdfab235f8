import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { programFile } from "./program-file.ts";

/** A separate Commonwork process, started like in a deployment. */
export type ServiceProcess = {
  readonly pid: number;
  /** 0 if it does not listen. */
  readonly port: number;
  /** What it has logged so far. */
  lines(): readonly string[];
  kill(): Promise<void>;
  stop(): Promise<number | null>;
};

/** Starts `commonwork start`, on a free port, and waits until it logs that it has started. */
export async function startServiceProcess(environment: Record<string, string>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [programFile("cli"), "start"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOST: "127.0.0.1",
      PORT: "0",
      LOG_LEVEL: "info",
      LOG_FORMAT: "json",
      ...environment,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines: string[] = [];
  const port = await startedOn(child, lines);
  return {
    pid: child.pid as number,
    port,
    lines: () => lines,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill("SIGTERM");
      const [code] = await once(child, "exit");
      return code as number | null;
    },
  };
}

function startedOn(child: ChildProcess, lines: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`the service ended with ${code}:\n${lines.slice(-20).join("\n")}`)),
    );
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      lines.push(line);
      if (line.includes('"msg":"started"')) resolve((JSON.parse(line) as { port: number | null }).port ?? 0);
    });
  });
}
