import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import pg from "pg";

// What the pages use psql for, where it is not installed: statements of `-c`, of a file or of the input,
// whose rows are printed as `-At` does. Unlike psql, it ends with the first error.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    command: { type: "string", short: "c", multiple: true },
    file: { type: "string", short: "f" },
    "no-align": { type: "boolean", short: "A" },
    "tuples-only": { type: "boolean", short: "t" },
    // ON_ERROR_STOP, which is how this one behaves anyway.
    variable: { type: "string", short: "v" },
  },
});
const client = new pg.Client({
  connectionString: positionals[0],
  types: { getTypeParser: () => (text: string | Buffer) => String(text) },
});
await client.connect();
for (const statements of values.command ?? [readFileSync(values.file ?? 0, "utf8")]) {
  const results = await client.query<(string | null)[]>({ text: statements, rowMode: "array" });
  for (const { rows } of [results].flat())
    for (const row of rows) process.stdout.write(`${row.map((cell) => cell ?? "").join("|")}\n`);
}
await client.end();
