import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export type Service = { readonly port: number; readonly pid: number; stop(): Promise<void> };

/** Starts a program and waits for its "started" line. Its port is 0 when it listens on none. */
export async function startProgram(
  file: string,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Service> {
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const port = await portOf(child);
  return {
    port,
    pid: child.pid as number,
    async stop() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** Starts Commonwork by its command line, configured by its environment. */
export const startCommonwork = (environment: Record<string, string>): Promise<Service> =>
  startProgram("src/cli.ts", ["start"], {
    HOST: "127.0.0.1",
    PORT: "0",
    LOG_LEVEL: "info",
    LOG_FORMAT: "json",
    ...environment,
  });

async function portOf(child: ChildProcess): Promise<number> {
  const heard: string[] = [];
  return new Promise((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`the program exited with code ${code}:\n${heard.slice(-20).join("\n")}`)),
    );
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        heard.push(line);
        if (heard.length > 100) heard.shift();
        const said = /"msg":"started"/.test(line) ? (JSON.parse(line) as { port: number | null }) : null;
        if (said) resolve(said.port ?? 0);
      });
    }
  });
}
