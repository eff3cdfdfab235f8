import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { forward, type Prisma } from "../../examples/prisma-mysql/forward.ts";
import { notifyProjectMatches } from "../../src/workers/notifications/matching/notify-project-matches.ts";
import { serve } from "../http/support.ts";
import { installExample, settled } from "../support/example.ts";
import { performRun } from "../support/jobs.ts";
import { startMariaDb } from "../support/mariadb.ts";
import { read } from "../support/pages.ts";
import { isLong } from "../support/sizes.ts";
import { createWorld } from "../support/world.ts";

// The programs of the examples, where their languages are installed: what they write has the same results as
// the scenarios in SQL.

const run = promisify(execFile);

const ONLY_LONG = "runs with npm run check:long -- examples";

/** The packages of Debian, without modules. */
const GO = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode" };

/** Whether a command succeeds. */
const succeeds = (program: string, args: readonly string[], env = process.env): Promise<boolean> =>
  run(program, args, { env }).then(
    () => true,
    () => false,
  );

it("the host in Go", async ({ skip }) => {
  if (!isLong) return skip(ONLY_LONG);
  if (!(await succeeds("go", ["list", "github.com/lib/pq"], GO)))
    return skip("go or its driver is not installed (Debian: golang-go golang-github-lib-pq-dev)");
  const example = await installExample("go", { role: "go_app", schemas: ["civic"] });
  await example.settle();
  await example.playBy(["main.go"], ({ name, folder, databaseUrl }) =>
    run("go", ["run", "main.go", name], {
      cwd: folder,
      env: { ...GO, DATABASE_URL: `${databaseUrl}?sslmode=disable` },
    }),
  );
  await performRun(example.world, notifyProjectMatches, {});
  await example.settle();
  expect(await example.results()).toBe(read("examples/go/expected.txt"));
  await example.expectVerified();
});

it("the host in FastAPI", async ({ skip }) => {
  if (!isLong) return skip(ONLY_LONG);
  const python = await findPython();
  if (python === null)
    return skip("FastAPI is not installed (Debian: python3-fastapi python3-httpx python3-psycopg)");
  const example = await installExample("fastapi", { role: "fastapi_app", schemas: ["auth", "public"] });
  await example.settle();
  await example.run("postings.sql");
  await example.playBy(["app.py", "play.py"], ({ name, folder, databaseUrl }) =>
    run(python, ["play.py", name], { cwd: folder, env: { ...process.env, DATABASE_URL: databaseUrl } }),
  );
  await example.run("postings.sql");
  await example.settle();
  expect(await example.results()).toBe(read("examples/fastapi/expected.txt"));
  await example.expectVerified();
});

it("the host on MariaDB", async ({ skip }) => {
  if (!isLong) return skip(ONLY_LONG);
  const database = await startMariaDb();
  if (typeof database === "string") return skip(database);
  const folder = "examples/prisma-mysql";
  const describe = async () => (await database.query(DESCRIBED))[0];
  await database.query(read(`${folder}/schema.sql`));
  const before = await describe();
  await database.query(read(`${folder}/triggers.sql`));
  const secret = "the long secret of the host";
  const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: secret } });
  const url = await serve(world);
  const prisma: Prisma = {
    $queryRawUnsafe: async <Rows>(text: string, ...params: unknown[]) =>
      (await database.query(text, params))[0] as Rows,
    $executeRawUnsafe: async (text, ...params) => database.query(text, params),
  };
  const settle = async () => {
    await forward(prisma, { url, secret });
    await settled(world);
  };
  await settle();
  for (const step of read(`${folder}/scenario.sql`).split(/^DO SLEEP\(\d+\);$/m))
    if (step.trim() !== "") {
      await database.query(step);
      await settle();
    }
  const results = read(`${folder}/results.sql`).replaceAll("commonwork.", `${world.config.databaseSchema}.`);
  const lines = await world.query<{ line: string }>(results);
  expect(lines.map(({ line }) => `${line}\n`).join("")).toBe(read(`${folder}/expected.txt`));
  const rows = async () => (await database.query(`CHECKSUM TABLE ${HOST_TABLES}`))[0];
  const written = await rows();
  await database.query(read(`${folder}/uninstall.sql`));
  expect(await describe()).toEqual(before);
  expect(await rows()).toEqual(written);
});

const HOST_TABLES = "User, Profile, UserBlock, ProfileAccess, Post, Conversation, Message";

/** Everything in the database on MariaDB but the rows. */
const DESCRIBED = `
  SELECT CONCAT_WS(' ', TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLUMN_KEY) AS part
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
  UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
  ORDER BY part`;

/** A Python with the packages of the example; null if there is none. */
async function findPython(): Promise<string | null> {
  for (const python of ["python3", "/usr/bin/python3"])
    if (await succeeds(python, ["-c", "import fastapi, httpx, psycopg"])) return python;
  return null;
}
