import type { Reading } from "../scoring/media/limits.ts";
import { openByteReader, ReadRefused } from "./parse/byte-reader.ts";
import { fileKindOf } from "./parse/file-kind.ts";
import { readAv } from "./parse/read-av.ts";
import { readImage } from "./parse/read-image.ts";

/** The input of the task: the size of the file, and how many bytes of it may be read. */
export type ReadTask = { readonly size: number; readonly budget: number; readonly imageBudget: number };

/** A request of the thread to its caller. */
export type ReadRequest = { readonly start: number; readonly length: number };

/**
 * Reads the metadata of one file on a thread. The thread has no access to the store: it requests ranges.
 *
 * @param requestRange gives the bytes of a range.
 */
export async function readMetadata(
  { size, budget, imageBudget }: ReadTask,
  requestRange: (request: ReadRequest) => Promise<Uint8Array>,
): Promise<Reading> {
  const open = (limit: number) =>
    openByteReader({ size, budget: limit, fetch: (start, length) => requestRange({ start, length }) });
  const bytes = open(budget);
  try {
    const found = await fileKindOf(bytes);
    if (found.kind === "unknown") return { kind: "unreadable", fault: "unknown-type" };
    if (found.kind === "other") return found;
    if (found.kind === "image") return await readImage(open(imageBudget), found.container);
    return await readAv(bytes, found.container);
  } catch (error) {
    // Parsers may throw anything, and their messages may contain data of the file.
    return { kind: "unreadable", fault: error instanceof ReadRefused ? error.fault : "unreadable" };
  }
}

/** Called on a thread to find out whether the parsers are installed for this machine. */
export const parsersLoad = (): true => true;
