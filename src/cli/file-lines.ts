import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { CliError } from "./terminal.ts";

/** A line of a text file, counted from 1. */
export type FileLine = { readonly line: number; readonly text: string };

/** A longer line is not a record: the limit of the webhook. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = /^\ufeff/;

/**
 * The lines of a file. They are decoded one by one, so that the error for invalid UTF-8 names the line.
 *
 * @param onBytes receives how many bytes were read.
 */
export async function* fileLines(path: string, onBytes: (bytes: number) => void): AsyncGenerator<FileLine> {
  let left: Buffer = Buffer.alloc(0);
  let line = 0;
  const decode = (bytes: Buffer): FileLine => {
    line++;
    if (!isUtf8(bytes)) throw new CliError(`${path}: line ${line} is not valid UTF-8.`);
    const text = bytes.toString("utf8");
    return { line, text: line === 1 ? text.replace(BYTE_ORDER_MARK, "") : text };
  };
  const stream = createReadStream(path);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    onBytes(stream.bytesRead);
    let bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED)) {
      yield decode(bytes.subarray(0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > MAX_LINE_BYTES) throw new CliError(`${path}: line ${line + 1} is longer than 4 MiB.`);
    left = bytes;
  }
  if (left.length > 0) yield decode(left);
}
