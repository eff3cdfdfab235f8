import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkSources } from "../../src/connect/source-check.ts";
import {
  expectMirrored,
  hostConnection,
  installMappings,
  mirrored,
  reconcile,
  roomOf,
} from "../support/host-platform.ts";
import { onServer } from "../support/on-server.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { drawName } from "../support/scratch-database.ts";
import { createWorld, type World } from "../support/world.ts";

// With the programs of Postgres, which dump no server that is newer than they are. Where that of the tests is
// newer, the hosts are on a server of their version, which may be installed with them.

/** The major version of pg_dump; null: it is not installed. */
function versionOfDump(): number | null {
  const { stdout, error } = spawnSync("pg_dump", ["--version"], { encoding: "utf8" });
  return error ? null : Number(/\d+/.exec(stdout)?.[0]);
}

/** The folder with the server programs of a version. */
function serverPrograms(version: number): string | undefined {
  const { stdout } = spawnSync("sh", ["-c", "command -v pg_dump"], { encoding: "utf8" });
  const folders = [`/usr/lib/postgresql/${version}/bin`, dirname(realpathSync(stdout.trim()))];
  return folders.find((folder) => ["initdb", "postgres"].every((name) => existsSync(join(folder, name))));
}

/** A world that pg_dump can dump; skips the test if there is none. */
async function worldToDump(skip: (reason: string) => never): Promise<World> {
  const version = versionOfDump() ?? skip("pg_dump is not installed");
  const world = await createWorld();
  const [server] = await world.query<{ version: number }>(
    "select current_setting('server_version_num')::int / 10000 as version",
  );
  if (server!.version <= version) return world;
  const programs = serverPrograms(version) ?? skip(`pg_dump ${version} dumps no Postgres ${server!.version}`);
  const { url } = await ownPostgres({ programs });
  return createWorld({ database: { ...world.config, databaseUrl: url } });
}

/** Creates another database of its server, empty. @returns its address. */
async function databaseBeside({ config }: World): Promise<string> {
  const name = drawName();
  await onServer(config.databaseUrl, `create database ${name} template template0`);
  onTestFinished(() => onServer(config.databaseUrl, `drop database ${name} with (force)`));
  return Object.assign(new URL(config.databaseUrl), { pathname: `/${name}` }).href;
}

function run(program: string, ...parameters: string[]): void {
  const { status, stderr, error } = spawnSync(program, parameters, { encoding: "utf8" });
  if (error) throw error;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

function dumpOf(world: World, ...parameters: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "commonwork-dump-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "dump");
  run("pg_dump", "--format=custom", `--file=${file}`, ...parameters, world.config.databaseUrl);
  return file;
}

/** A mirrored host with a company, a room and a message. */
async function hostWithRows(world: World) {
  await mirrored(world);
  const { room, author } = await roomOf(world, 3);
  const host = await hostConnection(world);
  const post = (words: string) =>
    host.query("insert into app.posts (room, author, words) values ($1, $2, $3)", [room, author, words]);
  await post("Before the dump");
  await host.query("insert into app.companies (title) values ('Before the dump')");
  await expectMirrored(world);
  return { host, post, author };
}

const bodies = async (world: World) =>
  (await world.query<{ body: string }>("select body from messages order by id")).map(({ body }) => body);

describe("a dump of pg_dump", () => {
  it("of the host's schema, restored over it: the mirrors have what it has again", async ({ skip }) => {
    const world = await worldToDump(skip);
    const { host, post, author } = await hostWithRows(world);
    const dump = dumpOf(world, "--schema=app");
    await post("After the dump");
    await host.query("update app.profiles set display_name = 'After' where account = $1", [author]);
    await host.query("delete from app.companies");
    await expectMirrored(world);
    run("pg_restore", "--clean", "--if-exists", `--dbname=${world.config.databaseUrl}`, dump);
    // What a worker does each minute.
    expect(await checkSources(world.db)).toEqual([]);
    await expectMirrored(world);
    expect(await bodies(world)).toEqual(["Before the dump"]);
    await host.query("update app.posts set words = 'Written since'");
    await expectMirrored(world);
    expect(await bodies(world)).toEqual(["Written since"]);
  });

  it("of everything, restored into another database: the mirrors go on there", async ({ skip }) => {
    const world = await worldToDump(skip);
    const { post } = await hostWithRows(world);
    // Noted, but not applied: it is in the dump.
    await post("Noted in the dump");
    const dump = dumpOf(world);
    const elsewhere = await databaseBeside(world);
    run("pg_restore", `--dbname=${elsewhere}`, dump);
    const copy = await createWorld({ database: { ...world.config, databaseUrl: elsewhere } });
    expect(await checkSources(copy.db)).toEqual([]);
    await expectMirrored(copy);
    expect(await bodies(copy)).toEqual(["Before the dump", "Noted in the dump"]);
    await copy.query("insert into app.companies (title) values ('Written there')");
    await expectMirrored(copy);
    // Nothing more to make up for.
    await checkSources(copy.db);
    expect(await copy.query("select 1 from mirrors where resync is not null")).toEqual([]);
    await installMappings(copy);
    await reconcile(copy);
    await expectMirrored(copy);
  });
});
