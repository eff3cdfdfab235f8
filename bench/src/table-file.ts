import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Reads a file of tab-separated columns with one header line. @returns a record for each line. */
export function readTable(folder: string, file: string): Record<string, string>[] {
  const [header = "", ...lines] = readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
  const names = header.split("\t");
  return lines.map((line) => {
    const cells = line.split("\t");
    return Object.fromEntries(names.map((name, n) => [name, cells[n] ?? ""]));
  });
}
