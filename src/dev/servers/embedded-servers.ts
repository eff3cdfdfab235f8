import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, chmod, constants, lstat, mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { Socket } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { settlesWithin } from "../../deadlines.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { startEmbeddedRedis } from "./embedded-redis.ts";
import { folderOpenToOthers } from "./locate-postgres.ts";
import type { EmbeddedServer, Watch } from "./server-program.ts";

export interface EmbeddedServersOptions {
  /** Part of the data folder's name. */
  name: "demo" | "test";
  /** False trades crash safety for speed; only for tests. */
  durable: boolean;
  /** An existing server; then none is started. */
  databaseUrl?: string;
  redisUrl?: string;
  /** Additional settings of the embedded Postgres, each `name=value`. */
  postgresSettings?: readonly string[];
  /** Where a downloaded Redis is cached; by default `commonwork` in the user's cache folder. */
  cacheFolder?: string;
}

export interface EmbeddedServers {
  databaseUrl: string;
  redisUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts Postgres and Redis, except those that are given, in a new folder. `stop` stops them and deletes the
 * folder; so does the end of this process, SIGKILL included. They do not keep the process alive.
 */
export async function startEmbeddedServers(options: EmbeddedServersOptions): Promise<EmbeddedServers> {
  const { name, durable, databaseUrl, redisUrl } = options;
  if (databaseUrl && redisUrl) return { databaseUrl, redisUrl, stop: async () => undefined };
  const cacheFolder = options.cacheFolder ?? (await defaultCacheFolder());
  const folder = await mkdtemp(join(await parentFolder(durable), `commonwork-${name}-`));
  // Postgres may run as another user, who must be able to enter its own folder below this one.
  await chmod(folder, 0o711);
  const guardian = await startGuardian(folder);
  const both = { durable, watch: guardian };
  const starts = await Promise.allSettled([
    databaseUrl
      ? given(databaseUrl)
      : startEmbeddedPostgres({
          ...both,
          folder: join(folder, "postgres"),
          password: drawPassword(),
          settings: options.postgresSettings,
        }),
    redisUrl
      ? given(redisUrl)
      : startEmbeddedRedis({ ...both, cacheFolder, folder: join(folder, "redis"), password: drawPassword() }),
  ]);
  const stopAll = async () => {
    const stops = starts.map((start) => (start.status === "fulfilled" ? start.value.stop() : undefined));
    const faults = (await Promise.allSettled(stops)).filter((stop) => stop.status === "rejected");
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await guardian.dismiss();
    if (faults[0]) throw faults[0].reason;
  };
  const [postgres, redis] = starts;
  if (postgres.status === "rejected" || redis.status === "rejected") {
    await stopAll();
    throw postgres.status === "rejected" ? postgres.reason : (redis as PromiseRejectedResult).reason;
  }
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };
  return { databaseUrl: postgres.value.url, redisUrl: redis.value.url, stop };
}

/** Other users of the machine can reach the ports. */
const drawPassword = (): string => randomBytes(24).toString("hex");

async function given(url: string): Promise<Pick<EmbeddedServer, "url" | "stop">> {
  return { url, stop: async () => undefined };
}

/**
 * The guardian's shell script. Its input is a pipe that only this process holds open, so the kernel closes it
 * when the process ends, however it ends. Until then it reads which process groups start and end; then it
 * stops those that are left and deletes the folder. A zombie (Z) has already ended.
 */
const guardianScript = `
folder=$1
pids=""
while read -r word pid; do
  if [ "$word" = started ]; then
    pids="$pids $pid"
  else
    rest=""
    for each in $pids; do [ "$each" = "$pid" ] || rest="$rest $each"; done
    pids=$rest
  fi
done
anyRunning() {
  for each in $pids; do
    if grep -q "^State:.Z" "/proc/$each/status" 2>/dev/null; then continue; fi
    if kill -s 0 -- "-$each" 2>/dev/null; then return 0; fi
  done
  return 1
}
for step in INT:150 QUIT:30 KILL:50; do
  anyRunning || break
  for each in $pids; do kill -s "\${step%:*}" -- "-$each" 2>/dev/null; done
  tries=\${step#*:}
  while [ "$tries" -gt 0 ] && anyRunning; do
    sleep 0.1
    tries=$((tries - 1))
  done
done
rm -rf "$folder"
`;

async function startGuardian(folder: string): Promise<Watch & { dismiss(): Promise<void> }> {
  const child = spawn("/bin/sh", ["-c", guardianScript, "commonwork-guardian", folder], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(child, "spawn");
  const ended = once(child, "exit");
  child.unref();
  const pipe = child.stdin;
  if (pipe instanceof Socket) pipe.unref();
  // The guardian may have been killed; `stop` still stops the servers.
  pipe.on("error", () => undefined);
  return {
    started: (pid) => void pipe.write(`started ${pid}\n`),
    ended: (pid) => void pipe.write(`ended ${pid}\n`),
    dismiss: async () => {
      pipe.end();
      await settlesWithin(10_000, ended);
    },
  };
}

/** Creating and dropping databases is much faster in memory; what must survive a crash is on disk. */
async function parentFolder(durable: boolean): Promise<string> {
  const memory = "/dev/shm";
  const free = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  if (!durable && free >= 1_000_000_000 && (await isWritable(memory))) return memory;
  return folderOpenToOthers();
}

/** The user's cache folder, or one in the temporary folder for users without a home. */
async function defaultCacheFolder(): Promise<string> {
  const home = () => join(homedir(), ".cache");
  try {
    const folder = join(process.env.XDG_CACHE_HOME || home(), "commonwork");
    await mkdir(folder, { recursive: true });
    if (await isWritable(folder)) return folder;
  } catch {
    // No home, or not writable.
  }
  const folder = join(tmpdir(), `commonwork-cache-${process.getuid?.()}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Programs are started from here, so only this user may write to it.
  const { uid, mode } = await lstat(folder);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return folder;
  throw new Error(`${folder} belongs to another user; remove it, or set XDG_CACHE_HOME.`);
}

function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
