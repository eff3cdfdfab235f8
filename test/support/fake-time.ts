import { chmod, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { folderOpenToOthers } from "../../src/dev/servers/locate-postgres.ts";

/** The clock of a server of the test's own, which the test sets. It runs on from there. */
export type FakeTime = {
  /** For the process of the server. */
  readonly environment: Readonly<Record<string, string>>;
  set(instant: Date): Promise<void>;
};

/**
 * Uses Debian's libfaketime. Intervals stay real, so that time limits work.
 * @returns why not, where it is not installed.
 */
export async function fakeTime(start: Date): Promise<FakeTime | string> {
  const library = await findLibrary();
  if (library === null) return "libfaketime is not installed (Debian: apt-get install faketime)";
  const folder = await mkdtemp(join(await folderOpenToOthers(), "commonwork-fake-time-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "offset");
  const set = async (instant: Date) => {
    // Whole seconds: never before the instant.
    const seconds = Math.ceil((instant.getTime() - Date.now()) / 1_000);
    await writeFile(`${file}-next`, `${seconds < 0 ? "" : "+"}${seconds}`, { mode: 0o644 });
    // Never read half-written.
    await rename(`${file}-next`, file);
  };
  await set(start);
  // The server may run as another user.
  await chmod(folder, 0o755);
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    },
    set,
  };
}

const LIBRARIES = "/usr/lib";

async function findLibrary(): Promise<string | null> {
  const folders = await readdir(LIBRARIES).catch((): string[] => []);
  for (const folder of folders.filter((name) => name.endsWith("-linux-gnu"))) {
    const found = await readdir(join(LIBRARIES, folder, "faketime")).catch((): string[] => []);
    if (found.includes("libfaketime.so.1")) return join(LIBRARIES, folder, "faketime", "libfaketime.so.1");
  }
  return null;
}
