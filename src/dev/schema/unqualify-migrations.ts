import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

// drizzle-kit writes the schema "public" in front of some names. Migrations run in any schema, so they name
// none. Without an argument this removes it, with `--check` it fails on it.

const FOLDER = fileURLToPath(new URL("../../../drizzle/", import.meta.url));
const QUALIFIER = /"public"\.|\bpublic\./gi;

const check = process.argv.includes("--check");
for (const name of (await readdir(FOLDER)).filter((each) => each.endsWith(".sql"))) {
  const written = await readFile(FOLDER + name, "utf8");
  const unqualified = written.replace(QUALIFIER, "");
  if (written === unqualified) continue;
  if (!check) {
    await writeFile(FOLDER + name, unqualified);
    continue;
  }
  const lines = written.split("\n").flatMap((line, i) => (line.search(QUALIFIER) >= 0 ? [i + 1] : []));
  process.stdout.write(
    `drizzle/${name} names the schema public (line ${lines.join(", ")}): leave the qualifier out.\n`,
  );
  process.exitCode = 1;
}
