import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import { type FileHandle, open, realpath, unlink } from "node:fs/promises";
import { join } from "node:path";
import { DeadlineExceeded, withinLimit } from "../../deadlines.ts";
import type { FileFault } from "../../scoring/media/limits.ts";
import { FileFaulty, type MediaStore, type StoredFile, StoreUnavailable } from "./media-store.ts";
import { segmentsOf } from "./storage-key.ts";

/** A network file system may hang. */
const ANSWER_LIMIT_MS = 10_000;

/** Without O_NONBLOCK, opening a FIFO waits for a writer. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Error codes that concern the one file; all others concern the folder. */
const FAULTS: Readonly<Record<string, FileFault>> = {
  ENOENT: "missing",
  ENOTDIR: "missing",
  ELOOP: "not-a-file",
  ENXIO: "not-a-file",
  EISDIR: "not-a-file",
  ENAMETOOLONG: "bad-key",
};

/**
 * Files in a local folder. Only regular files below it are read: no symbolic link, on the way or at the end,
 * no FIFO and no device.
 */
export function folderStore(folder: string): MediaStore {
  return {
    async open(key) {
      const path = await pathOf(folder, key);
      const file = await answered(open(path, READ_ONLY));
      try {
        return await storedFile(file);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    async delete(key) {
      try {
        await answered(unlink(await pathOf(folder, key)));
      } catch (error) {
        if (!(error instanceof FileFaulty && error.fault === "missing")) throw error;
      }
    },
  };
}

/** The path of a key. If the folder itself is missing, its files do not count as missing. */
async function pathOf(folder: string, key: string): Promise<string> {
  const segments = segmentsOf(key);
  const root = await withinLimit(ANSWER_LIMIT_MS, () => realpath(folder)).catch((error) => {
    throw new StoreUnavailable(codeOf(error));
  });
  const path = join(root, ...segments);
  if ((await answered(realpath(path))) !== path) throw new FileFaulty("not-a-file");
  return path;
}

async function storedFile(file: FileHandle): Promise<StoredFile> {
  const opened = await statOf(file);
  if (!opened.isFile()) throw new FileFaulty("not-a-file");
  const reads = new Set<Promise<unknown>>();
  return {
    size: Number(opened.size),
    async read(start, length) {
      const reading = readPart(file, opened, start, length);
      reads.add(reading);
      return reading.finally(() => reads.delete(reading));
    },
    // An abandoned read must not find the file closed.
    close: async () => {
      await Promise.allSettled(reads);
      await file.close();
    },
  };
}

async function readPart(
  file: FileHandle,
  opened: BigIntStats,
  start: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await answered(file.read(bytes, filled, length - filled, start + filled));
    if (bytesRead === 0) throw new FileFaulty("changed-while-read");
    filled += bytesRead;
  }
  const { size, mtimeNs } = await statOf(file);
  if (size !== opened.size || mtimeNs !== opened.mtimeNs) throw new FileFaulty("changed-while-read");
  return bytes;
}

const statOf = (file: FileHandle): Promise<BigIntStats> => answered(file.stat({ bigint: true }));

/** The result of a call of the file system, within its time limit. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await withinLimit(ANSWER_LIMIT_MS, () => call);
  } catch (error) {
    const code = codeOf(error);
    const fault = FAULTS[code];
    throw fault ? new FileFaulty(fault) : new StoreUnavailable(code);
  }
}

const codeOf = (error: unknown): string =>
  error instanceof DeadlineExceeded ? "timeout" : ((error as NodeJS.ErrnoException).code ?? "unknown");
