import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { type Program, programFile } from "./program-file.ts";

/**
 * A shell for what pages tell a reader to type: in a folder of its own, with `commonwork` and `psql`. What is
 * exported stays.
 */
export async function openShell(variables: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "commonwork-shell-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "bin"));
  const programs: Readonly<Record<string, Program>> = { commonwork: "cli", psql: "psql" };
  for (const [name, program] of Object.entries(programs))
    await writeFile(
      join(folder, "bin", name),
      `#!/bin/sh\nexec ${process.execPath} ${programFile(program)} "$@"\n`,
      {
        mode: 0o755,
      },
    );
  let env: Record<string, string> = {
    PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
    ...variables,
  };
  return {
    folder,
    variables: () => env,
    /** Runs a script up to its end, or its first error. @returns what it printed. */
    async run(script: string): Promise<string> {
      const { stdout } = await promisify(execFile)("sh", ["-ec", `${script}\nenv -0 > variables`], {
        cwd: folder,
        env,
      });
      const kept = (await readFile(join(folder, "variables"), "utf8")).split("\0").filter(Boolean);
      env = Object.fromEntries(
        kept.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
      );
      return stdout;
    },
  };
}
