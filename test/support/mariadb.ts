import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Connection, createConnection } from "mysql2/promise";
import { onTestFinished } from "vitest";
import { folderOpenToOthers } from "../../src/dev/servers/locate-postgres.ts";
import { startProgram } from "../../src/dev/servers/server-program.ts";

const run = promisify(execFile);

/** Debian installs servers there, which is on the path of root alone. */
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/local/sbin:/usr/bin:/bin" };

/**
 * A connection to an empty database of a MariaDB, which ends with the test. @returns why not, where it is not
 * installed.
 */
export async function startMariaDb(): Promise<Connection | string> {
  const installed = await run("mariadbd", ["--no-defaults", "--version"], { env: ENVIRONMENT }).catch(
    () => null,
  );
  if (installed === null)
    return "mariadbd is not installed (Debian: mariadb-server-core mariadb-client-core)";
  const folder = await mkdtemp(join(await folderOpenToOthers(), "commonwork-mariadb-"));
  const data = join(folder, "data");
  const socketPath = join(folder, "socket");
  const asRoot = process.getuid?.() === 0 ? ["--user=root"] : [];
  await run(
    "mariadb-install-db",
    [
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      ...asRoot,
    ],
    { env: ENVIRONMENT },
  );
  const server = await startProgram(
    "mariadbd",
    [
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${socketPath}`,
      "--skip-networking",
      "--default-time-zone=+00:00",
      ...asRoot,
    ],
    { cwd: folder, env: ENVIRONMENT, logFile: join(folder, "log") },
  );
  onTestFinished(async () => {
    await server.stop({ SIGTERM: 20_000, SIGKILL: 5_000 });
    await rm(folder, { recursive: true, force: true });
  });
  const connect = () =>
    createConnection({
      socketPath,
      user: "root",
      multipleStatements: true,
      timezone: "Z",
      supportBigNumbers: true,
    });
  await server.answersWithin(60_000, async () => (await connect()).end());
  const connection = await connect();
  onTestFinished(() => connection.end());
  await connection.query("CREATE DATABASE host; USE host");
  return connection;
}
