import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { cli, environmentOf } from "./cli.ts";
import { createWorld } from "./world.ts";

/** A world, a folder, and `commonwork import` of a file that is written into it. */
export async function importScene() {
  const world = await createWorld();
  const folder = await mkdtemp(join(tmpdir(), "import-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const run = async (what: string, name: string, text: string | Buffer, ...flags: string[]) => {
    const file = join(folder, name);
    await writeFile(file, text);
    const { code, out, err } = await cli(environmentOf(world), "import", what, file, ...flags);
    const refused = await readFile(`${file}.refused.ndjson`, "utf8").catch(() => null);
    return {
      code,
      out: out.replaceAll(folder, "."),
      err: err.replaceAll(folder, "."),
      refused:
        refused
          ?.trim()
          .split("\n")
          .map((line) => JSON.parse(line)) ?? null,
    };
  };
  const values = async (statement: string) =>
    (await world.query<{ v: unknown }>(statement)).map(({ v }) => v);
  return { world, folder, run, values };
}

/** Lines of NDJSON. */
export const ndjson = (...lines: unknown[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join("");
