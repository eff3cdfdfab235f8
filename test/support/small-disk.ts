import { execFile } from "node:child_process";
import { chmod, type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { folderOpenToOthers } from "../../src/dev/servers/locate-postgres.ts";

const run = promisify(execFile);

/** A file system in memory that is small enough to be filled. */
export type SmallDisk = {
  readonly folder: string;
  /** Writes until there is no space left. */
  fill(): Promise<void>;
  /** Takes that back. */
  free(): Promise<void>;
};

/**
 * Mounts one until the test ends.
 * @returns why not, where mounting is forbidden: it needs root, and many containers forbid it.
 */
export async function smallDisk(megabytes: number): Promise<SmallDisk | string> {
  const folder = await mkdtemp(join(await folderOpenToOthers(), "commonwork-small-disk-"));
  await chmod(folder, 0o755);
  const mounted = await run("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${megabytes}m,mode=755`,
    "tmpfs",
    folder,
  ]).then(
    () => null,
    (error: Error) => error.message,
  );
  onTestFinished(async () => {
    if (mounted === null) await run("umount", [folder]);
    await rm(folder, { recursive: true, force: true });
  });
  if (mounted !== null) return `no file system can be mounted here: ${mounted.trim().split("\n").at(-1)}`;
  const filler = join(folder, "filler");
  return {
    folder,
    async fill() {
      const file = await open(filler, "w");
      // Large pieces first, then single pages.
      for (const bytes of [1 << 20, 1 << 12]) while (await fits(file, Buffer.alloc(bytes)));
      await file.close();
    },
    free: () => rm(filler),
  };
}

async function fits(file: FileHandle, piece: Buffer): Promise<boolean> {
  try {
    return (await file.write(piece)).bytesWritten === piece.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
