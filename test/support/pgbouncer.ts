import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { access, chown, constants, mkdtemp, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { onTestFinished } from "vitest";
import { folderOpenToOthers } from "../../src/dev/servers/locate-postgres.ts";
import { startProgram } from "../../src/dev/servers/server-program.ts";

const run = promisify(execFile);

/** PgBouncer in front of a Postgres, until the test ends. */
export type PgBouncer = {
  readonly version: string;
  /** An address of the Postgres as it is through the pooler. */
  through(url: string): string;
};

/** Debian installs it there, which is on the path of root alone. */
const FURTHER_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** Start it before the world that uses it. @returns why not, where it is not installed. */
export async function startPgBouncer(
  postgresUrl: string,
  mode: "session" | "transaction",
): Promise<PgBouncer | string> {
  const program = await findPgBouncer();
  if (program === null) return "pgbouncer is not installed (Debian: apt-get install pgbouncer)";
  const { stdout } = await run(program, ["--version"]);
  const folder = await mkdtemp(join(await folderOpenToOthers(), "commonwork-pgbouncer-"));
  const identity = await otherThanRoot();
  if (identity) await chown(folder, identity.uid, identity.gid);
  const port = randomInt(14_000, 22_000);
  const configuration = join(folder, "pgbouncer.ini");
  await writeFile(configuration, settings(postgresUrl, mode, port), { mode: 0o600 });
  if (identity) await chown(configuration, identity.uid, identity.gid);
  const server = await startProgram(program, [configuration], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin" },
    logFile: join(folder, "pgbouncer.log"),
    ...(identity && { identity }),
  });
  onTestFinished(async () => {
    await server.stop({ SIGTERM: 5_000, SIGKILL: 5_000 });
    await rm(folder, { recursive: true, force: true });
  });
  const through = (url: string) => {
    const led = new URL(url);
    led.host = `127.0.0.1:${port}`;
    return led.href;
  };
  await server.answersWithin(30_000, async () => {
    const client = new pg.Client({ connectionString: through(postgresUrl) });
    client.on("error", () => undefined);
    await client.connect();
    await client.end();
  });
  return { version: /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? "unknown", through };
}

/** Idle connections to Postgres are closed soon, since the database of a test is dropped after it. */
function settings(postgresUrl: string, mode: string, port: number): string {
  const { hostname, port: target, username, password } = new URL(postgresUrl);
  return [
    "[databases]",
    `* = host=${hostname} port=${target} user=${username} password=${decodeURIComponent(password)}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    "default_pool_size = 30",
    "server_idle_timeout = 1",
    "",
  ].join("\n");
}

async function findPgBouncer(): Promise<string | null> {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), ...FURTHER_FOLDERS]) {
    const file = join(folder, "pgbouncer");
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return null;
}

/** PgBouncer refuses to run as root. */
async function otherThanRoot(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string) => Number((await run("id", [flag, "nobody"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}
