import { execFile } from "node:child_process";
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { type EmbeddedServer, onFreePort, startProgram, type Watch } from "./server-program.ts";

const run = promisify(execFile);

export interface EmbeddedRedisOptions {
  /** Holds the append-only file and the log. */
  folder: string;
  /** True writes an append-only file, synced every second; false keeps everything in memory. */
  durable: boolean;
  /** Where a downloaded Redis is cached. */
  cacheFolder: string;
  port?: number;
  /** Without a password every local user may connect. */
  password?: string;
  /** Further settings, as arguments of the program: `--name`, then its value. */
  settings?: readonly string[];
  /** Runs it as a sentinel with this configuration file, which it rewrites. */
  sentinelConfig?: string;
  /**
   * Where to look for redis-server, valkey-server, apt-get and dpkg; like PATH, which is the default.
   */
  searchPath?: string;
  watch?: Watch;
}

/** An executable and its version. */
interface RedisProgram {
  file: string;
  version: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Starts a Redis (6.2 or newer) or Valkey on 127.0.0.1: from the search path, from the cache, or downloaded
 * from the packages of Debian or Ubuntu. If there is none, throws one error that names the three ways to get
 * it.
 */
export async function startEmbeddedRedis(
  options: EmbeddedRedisOptions,
): Promise<EmbeddedServer & { version: string }> {
  const redis = await locateRedis(options.cacheFolder, options.searchPath ?? process.env.PATH ?? "");
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const server = await onFreePort(options.port, (port) => runRedis(redis, port, options));
  return { ...server, version: redis.version };
}

async function runRedis(
  redis: RedisProgram,
  port: number,
  options: EmbeddedRedisOptions,
): Promise<EmbeddedServer> {
  const location = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", options.folder, "--daemonize", "no"];
  // BullMQ needs every key it wrote: an eviction would lose work silently.
  const keeping = [
    "--maxmemory-policy",
    "noeviction",
    "--save",
    "",
    "--appendonly",
    options.durable ? "yes" : "no",
  ];
  const access = await accessOf(options);
  const serving = [
    ...access,
    ...location,
    ...keeping,
    "--appendfsync",
    "everysec",
    ...(options.settings ?? []),
  ];
  const { sentinelConfig } = options;
  const args = sentinelConfig ? [sentinelConfig, "--sentinel", ...location] : serving;
  const program = await startProgram(redis.file, args, {
    cwd: options.folder,
    env: redis.env,
    logFile: join(options.folder, "redis.log"),
    ...(options.watch && { watch: options.watch }),
  });
  const url = `redis://${options.password === undefined ? "" : `:${options.password}@`}127.0.0.1:${port}`;
  await program.answersWithin(30_000, async () => {
    const pid = await pidOfRedisAt(url);
    if (pid !== program.pid) throw new Error(`Port ${port} is taken by another Redis, with pid ${pid}.`);
  });
  return { url, pid: program.pid, stop: () => program.stop({ SIGTERM: 10_000, SIGKILL: 5_000 }) };
}

/** The password is in a file: other users can read the arguments of a program. */
async function accessOf({ folder, password }: EmbeddedRedisOptions): Promise<string[]> {
  if (password === undefined) return [];
  const file = join(folder, "redis.conf");
  await writeFile(file, `requirepass ${password}\n`, { mode: 0o600 });
  return [file];
}

async function pidOfRedisAt(url: string): Promise<number> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000 });
  // A failed connection also rejects the call; without a listener ioredis would print it as well.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return Number(/process_id:(\d+)/.exec(await client.info("server"))?.[1]);
  } finally {
    client.disconnect();
  }
}

async function locateRedis(cacheFolder: string, searchPath: string): Promise<RedisProgram> {
  const faults: string[] = [];
  for (const name of ["redis-server", "valkey-server"]) {
    const file = await findProgram(name, searchPath);
    const found = file && (await describe(file, {}, faults));
    if (found) return found;
    if (!file) faults.push(`${name} is not on the PATH`);
  }
  const aptGet = await findProgram("apt-get", searchPath);
  const dpkg = await findProgram("dpkg", searchPath);
  if (!aptGet || !dpkg) faults.push("apt-get and dpkg, to download it, are missing as well");
  else {
    for (const name of ["redis", "valkey"]) {
      const found = await downloadedRedis(name, cacheFolder, { aptGet, dpkg }, faults);
      if (found) return found;
    }
  }
  throw new Error(
    `No Redis was found: ${faults.join("; ")}. There are three ways to get one: ` +
      "set REDIS_URL to a running Redis 6.2 or newer; install redis-server or valkey-server, so that it is on the " +
      "PATH; or use Debian or Ubuntu with network access, where the distribution's package is downloaded.",
  );
}

/** A program is usable if it runs and is new enough; otherwise the reason is added to the faults. */
async function describe(
  file: string,
  env: NodeJS.ProcessEnv,
  faults: string[],
): Promise<RedisProgram | undefined> {
  try {
    const { stdout } = await run(file, ["--version"], { env: { ...process.env, ...env }, timeout: 10_000 });
    const version = /v=(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "0.0.0";
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major > 6 || (major === 6 && minor >= 2)) return { file, version, env: { ...process.env, ...env } };
    faults.push(`${file} is version ${version}, older than 6.2`);
  } catch (error) {
    faults.push(`${file} does not run: ${firstLine(error)}`);
  }
  return undefined;
}

async function downloadedRedis(
  name: string,
  cacheFolder: string,
  tools: { aptGet: string; dpkg: string },
  faults: string[],
): Promise<RedisProgram | undefined> {
  // A home folder may be shared by machines with incompatible libraries.
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (key: string) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(release)?.[1] ?? "unknown";
  const kept = join(cacheFolder, `${name}-${field("ID")}-${field("VERSION_ID")}-${process.arch}`);
  const cached = await describeDownloaded(kept, name, []);
  if (cached) return cached;
  try {
    await mkdir(cacheFolder, { recursive: true });
    const staging = await mkdtemp(join(cacheFolder, "download-"));
    try {
      await downloadPackages([`${name}-server`, `${name}-tools`], staging, tools);
      await rename(join(staging, "root"), kept).catch(async () => {
        // Another process may have been faster; a copy that does not run is replaced.
        if (await describeDownloaded(kept, name, [])) return;
        await rm(kept, { recursive: true, force: true });
        await rename(join(staging, "root"), kept);
      });
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  } catch (error) {
    faults.push(`${name}-server could not be downloaded: ${firstLine(error)}`);
    return undefined;
  }
  return describeDownloaded(kept, name, faults);
}

async function describeDownloaded(
  folder: string,
  name: string,
  faults: string[],
): Promise<RedisProgram | undefined> {
  const file = join(folder, "usr", "bin", `${name}-server`);
  const libraries = [join(folder, "usr", "lib"), join(folder, "lib")];
  for (const parent of [...libraries]) {
    const names = await readdir(parent).catch(() => []);
    libraries.push(...names.filter((each) => each.includes("-linux-gnu")).map((each) => join(parent, each)));
  }
  return describe(file, { LD_LIBRARY_PATH: libraries.join(":") }, faults);
}

/**
 * Downloads the packages and those of their dependencies that are not installed, and unpacks them into
 * `staging`/root.
 */
async function downloadPackages(names: string[], staging: string, tools: { aptGet: string; dpkg: string }) {
  const env = { ...process.env, LC_ALL: "C" };
  const apt = async (args: string[], lists: string[]) => {
    const patience = ["-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=20"];
    // As root, apt would download as the user _apt, who cannot enter a cache below root's home.
    const flags = ["-qq", "-o", "APT::Sandbox::User=root", ...patience, ...lists];
    return (await run(tools.aptGet, [...flags, ...args], { cwd: staging, env, timeout: 240_000 })).stdout;
  };
  const download = async (lists: string[]) => {
    const plan = await apt(["install", "--simulate", "--no-install-recommends", ...names], lists);
    const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? "");
    await apt(["download", ...new Set([...names, ...missing])], lists);
  };
  try {
    await download([]);
  } catch {
    // The machine's package lists are missing or outdated. Private lists need no privileges and change
    // nothing on the machine.
    const lists = ["-o", `Dir::State::lists=${staging}/lists`, "-o", `Dir::Cache=${staging}/cache`];
    await mkdir(join(staging, "lists", "partial"), { recursive: true });
    await mkdir(join(staging, "cache", "archives", "partial"), { recursive: true });
    // One unreachable source fails the update; whether it was needed shows in the download.
    const updated = await apt(["update", "-o", "APT::Update::Error-Mode=any"], lists).catch(
      (error: unknown) => error,
    );
    await download(lists).catch((error) => Promise.reject(updated instanceof Error ? updated : error));
  }
  for (const file of await readdir(staging)) {
    if (file.endsWith(".deb")) await run(tools.dpkg, ["-x", file, "root"], { cwd: staging });
  }
}

async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const file = join(folder, name);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}

function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr?.trim() || message || String(error)).split("\n").at(0) ?? "";
}
