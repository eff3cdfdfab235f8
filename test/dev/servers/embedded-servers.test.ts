import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { Redis } from "ioredis";
import { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../../src/dev/servers/embedded-postgres.ts";
import { startEmbeddedRedis } from "../../../src/dev/servers/embedded-redis.ts";
import { startEmbeddedServers } from "../../../src/dev/servers/embedded-servers.ts";
import { eventually } from "../../support/eventually.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "commonwork-embedded-test-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function askPostgres(url: string, query: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return String(Object.values((await client.query(query)).rows[0])[0]);
  } finally {
    await client.end();
  }
}

async function askRedis(url: string, command: string, ...args: string[]): Promise<string> {
  const client = new Redis(url);
  try {
    return String(await client.call(command, ...args));
  } finally {
    client.disconnect();
  }
}

/** What must be gone afterwards: the servers and the folder, as the servers themselves tell. */
async function traces(servers: { databaseUrl: string; redisUrl: string }) {
  const postmaster = (await askPostgres(servers.databaseUrl, "select pg_read_file('postmaster.pid')")).split(
    "\n",
  );
  const redis = /process_id:(\d+)/.exec(await askRedis(servers.redisUrl, "INFO", "server"))?.[1];
  const cluster = await askPostgres(servers.databaseUrl, "show data_directory");
  return { pids: [Number(postmaster[0]), Number(redis)], folder: dirname(dirname(cluster)) };
}

/** A program that has ended but that nobody has waited for yet (Z) does not run. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !existsSync("/proc") || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** Starts a program of its own that starts the servers and then does what `rest` says. */
async function startProgram(rest: string) {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const code = `
    import { startEmbeddedServers } from "${new URL("../../../src/dev/servers/embedded-servers.ts", import.meta.url)}";
    const servers = await startEmbeddedServers({ name: "test", durable: false });
    console.log(JSON.stringify(servers));
    ${rest}`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    cwd: root,
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  cleanups.push(() => child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const readLine = async (): Promise<string> => (await lines.next()).value ?? "";
  return { child, readLine, servers: JSON.parse(await readLine()) };
}

async function endOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode ?? child.exitCode;
}

async function expectNothingLeft({ pids, folder }: Awaited<ReturnType<typeof traces>>) {
  await eventually(() => expect(pids.filter(runs)).toEqual([]));
  await eventually(() => expect(existsSync(folder)).toBe(false));
}

describe("the embedded servers", () => {
  test("answer, are not crash-safe unless asked to be, and leave no process and no folder behind", async () => {
    const servers = await startEmbeddedServers({ name: "test", durable: false });
    cleanups.push(servers.stop);
    expect(await askPostgres(servers.databaseUrl, "select 1")).toBe("1");
    expect(await askPostgres(servers.databaseUrl, "show fsync")).toBe("off");
    expect(await askPostgres(servers.databaseUrl, "show listen_addresses")).toBe("127.0.0.1");
    expect(await askRedis(servers.redisUrl, "PING")).toBe("PONG");
    expect(await askRedis(servers.redisUrl, "CONFIG", "GET", "maxmemory-policy")).toContain("noeviction");
    expect(await askRedis(servers.redisUrl, "CONFIG", "GET", "appendonly")).toContain("no");
    const left = await traces(servers);
    expect(left.pids.map(runs)).toEqual([true, true]);
    await Promise.all([servers.stop(), servers.stop()]);
    expect(left.pids.map(runs)).toEqual([false, false]);
    expect(existsSync(left.folder)).toBe(false);
  });

  test("let nobody in without their passwords", async () => {
    const servers = await startEmbeddedServers({ name: "test", durable: false });
    cleanups.push(servers.stop);
    const withoutPassword = (address: string, user: string) => {
      const url = new URL(address);
      Object.assign(url, { username: user, password: "" });
      return url.href;
    };
    for (const user of ["postgres", "root"])
      await expect(askPostgres(withoutPassword(servers.databaseUrl, user), "select 1")).rejects.toThrow(
        /password/i,
      );
    await expect(askRedis(withoutPassword(servers.redisUrl, ""), "PING")).rejects.toThrow(/NOAUTH/);
    expect(
      await askPostgres(servers.databaseUrl, "select left(rolpassword, 14) from pg_authid where rolsuper"),
    ).toBe("SCRAM-SHA-256$");
  });

  test("are crash-safe with `durable`", async () => {
    const servers = await startEmbeddedServers({ name: "test", durable: true });
    cleanups.push(servers.stop);
    expect(await askPostgres(servers.databaseUrl, "show fsync")).toBe("on");
    expect(await askPostgres(servers.databaseUrl, "show synchronous_commit")).toBe("on");
    expect(await askRedis(servers.redisUrl, "CONFIG", "GET", "appendonly")).toBe("appendonly,yes");
    expect(await askRedis(servers.redisUrl, "CONFIG", "GET", "appendfsync")).toBe("appendfsync,everysec");
  });

  test("are not started if existing ones are given", async () => {
    const given = { databaseUrl: "postgres://db.example/x", redisUrl: "redis://cache.example" };
    expect(await startEmbeddedServers({ name: "test", durable: false, ...given })).toMatchObject(given);
  });

  test("stop when the process that started them is killed", async () => {
    const { child, servers } = await startProgram("process.stdin.resume();");
    const left = await traces(servers);
    child.kill("SIGKILL");
    expect(await endOf(child)).toBe("SIGKILL");
    await expectNothingLeft(left);
  });

  test("neither keep the process that started them alive nor outlive it", async () => {
    const { child, servers } = await startProgram(
      "await new Promise((go) => process.stdin.once('data', go)); process.stdin.destroy();",
    );
    const left = await traces(servers);
    child.stdin?.write("go\n");
    expect(await endOf(child)).toBe(0);
    await expectNothingLeft(left);
  });

  test("still answer during an orderly shutdown after Ctrl-C", async () => {
    const { child, readLine, servers } = await startProgram(`
      import { Redis } from "ioredis";
      import { Client } from "pg";
      process.stdin.resume();
      process.once("SIGINT", async () => {
        const client = new Client({ connectionString: servers.databaseUrl });
        await client.connect();
        const { rows } = await client.query("select 1 as one");
        await client.end();
        const redis = new Redis(servers.redisUrl);
        console.log(rows[0].one, await redis.ping());
        redis.disconnect();
        await servers.stop();
        process.exit(0);
      });
      console.log("ready");`);
    expect(await readLine()).toBe("ready");
    const left = await traces(servers);
    // A terminal sends the signal to the whole group.
    process.kill(-(child.pid ?? Number.NaN), "SIGINT");
    expect(await readLine()).toBe("1 PONG");
    expect(await endOf(child)).toBe(0);
    await expectNothingLeft(left);
  });
});

test("npm run servers prints the addresses as lines of a .env file, and leaves nothing behind", async () => {
  const child = spawn("npm", ["run", "--silent", "servers"], {
    cwd: fileURLToPath(new URL("../../../", import.meta.url)),
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  cleanups.push(() => child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"));
  const printed: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => printed.push(line));
  await eventually(() => expect(printed).toHaveLength(2));
  const { DATABASE_URL: databaseUrl = "", REDIS_URL: redisUrl = "" } = parseEnv(printed.join("\n"));
  expect(await askPostgres(databaseUrl, "select 1")).toBe("1");
  expect(await askRedis(redisUrl, "PING")).toBe("PONG");
  const left = await traces({ databaseUrl, redisUrl });
  // Ctrl-C signals the whole group of the terminal.
  process.kill(-(child.pid ?? Number.NaN), "SIGINT");
  expect(await endOf(child)).toBe(0);
  await expectNothingLeft(left);
});

test("a Postgres that does not start reports the end of its log", async () => {
  const folder = await mkdtemp(join("/tmp", "commonwork-embedded-test-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const start = startEmbeddedPostgres({
    folder: join(folder, "postgres"),
    durable: false,
    maxConnections: -1,
  });
  await expect(start).rejects.toThrow(
    /ended with code 1[\s\S]*outside the valid range[\s\S]*max_connections/,
  );
});

test("a Postgres restarted in the same folder keeps its data", async () => {
  const folder = await mkdtemp(join("/tmp", "commonwork-embedded-test-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const options = { folder: join(folder, "postgres"), durable: false };
  const first = await startEmbeddedPostgres(options);
  cleanups.push(first.stop);
  await askPostgres(first.url, "with made as (select 1) select pg_catalog.lo_create(4711) from made");
  await first.stop();
  const second = await startEmbeddedPostgres(options);
  cleanups.push(second.stop);
  expect(await askPostgres(second.url, "select oid from pg_largeobject_metadata")).toBe("4711");
});

describe("without a Redis", () => {
  test("one error names the three ways to get one", async () => {
    const folder = await temporaryFolder();
    const start = startEmbeddedRedis({ folder, cacheFolder: folder, durable: false, searchPath: "" });
    await expect(start).rejects.toThrow(
      /three ways.*REDIS_URL.*install redis-server or valkey-server.*Debian or Ubuntu/,
    );
  });

  test("the error says if the one on the PATH is too old", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "redis-server"), "#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000'\n", {
      mode: 0o755,
    });
    const start = startEmbeddedRedis({ folder, cacheFolder: folder, durable: false, searchPath: folder });
    await expect(start).rejects.toThrow("redis-server is version 6.0.16, older than 6.2");
  });
});
