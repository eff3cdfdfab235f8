import { createWriteStream, type WriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";

/** A line of a file that was not imported. */
export type RefusedLine = {
  readonly line: number;
  readonly status: string;
  readonly faults: readonly { readonly field: string; readonly fault: string }[];
} & Readonly<Record<string, unknown>>;

/** A file with the lines that were refused. It exists only if there are some. */
export type RefusedLines = {
  add(lines: readonly RefusedLine[]): void;
  /** @returns the path of the file; null if no line was refused. */
  close(): Promise<string | null>;
};

/** Starts a report; that of an earlier import is removed. */
export async function refusedLines(path: string): Promise<RefusedLines> {
  await rm(path, { force: true });
  let file: WriteStream | null = null;
  return {
    add(lines) {
      if (lines.length === 0) return;
      file ??= createWriteStream(path);
      file.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    },
    async close() {
      if (file === null) return null;
      file.end();
      await finished(file);
      return path;
    },
  };
}
