import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./generated-files.ts";

// npm run docs:generate writes the generated pages and parts of pages; with --check it only compares.

const root = new URL("../../../", import.meta.url);
const checks = process.argv.includes("--check");

let stale = 0;
for (const { file, text } of await generatedFiles()) {
  const path = fileURLToPath(new URL(file, root));
  if ((await readFile(path, "utf8").catch(() => null)) === text) continue;
  stale += 1;
  if (checks) process.stdout.write(`${file} is stale. Run \`npm run docs:generate\`.\n`);
  else {
    await writeFile(path, text);
    process.stdout.write(`${file} was written.\n`);
  }
}
if (stale === 0) process.stdout.write("The generated pages are up to date.\n");
else if (checks) process.exitCode = 1;
