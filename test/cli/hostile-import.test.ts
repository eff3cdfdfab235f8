import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { environmentOf, startCli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { importScene, ndjson } from "../support/imports.ts";
import { openTransaction } from "../support/open-transaction.ts";
import type { World } from "../support/world.ts";

// Files as hosts make them: what cannot be stored is refused line by line, and the rest is imported.

type Refused = { line: number; faults: { field: string; fault: string }[] };

const faultsOf = (refused: Refused[] | null) =>
  (refused ?? []).map(({ line, faults }) => [line, ...faults.map(({ field, fault }) => `${field} ${fault}`)]);

const MIB = 1024 * 1024;

const STORED = "select count(*)::int as v from users where host_id is not null";

describe("commonwork import refuses", () => {
  it("cells that Postgres cannot store, line by line", async () => {
    const { run, values } = await importScene();
    await run("users", "users.csv", "host_id,name\nada,Ada\nben,B\u0000n\nev\u0007e,Eve\n");
    const cvs = await run(
      "cvs",
      "cvs.csv",
      [
        "host_id,user_id,parsed_content,raw_text",
        String.raw`1,ada,"{""name"": ""\ud800""}",`,
        String.raw`2,ada,"{""name"": ""\u0000""}",`,
        `3,ada,"${"[".repeat(100_000)}${"]".repeat(100_000)}",`,
        '4,ada,"{""a"": 1, ""a"": 2}",',
        '5,ada,{"years": 1e999},',
        "6,ada,,x\u0000y",
        "7,ada,,fits",
      ].join("\n"),
    );
    expect(cvs).toMatchObject({ code: 1, out: expect.stringContaining("cvs: 6 rejected, 1 stored.") });
    expect(faultsOf(cvs.refused)).toEqual([
      [2, "columns.parsed_content must not contain U+0000 or lone surrogates"],
      [3, "columns.parsed_content must not contain U+0000 or lone surrogates"],
      [4, "columns.parsed_content is nested too deeply"],
      [5, 'columns.parsed_content has the duplicate key "a"'],
      [6, "columns.parsed_content has a number that is out of range"],
      [7, "columns.raw_text must not contain U+0000 or lone surrogates"],
    ]);
    expect(await values("select host_id as v from users where host_id is not null")).toEqual(["ada"]);
    expect(await values("select raw_text as v from cvs")).toEqual(["fits"]);
  });

  it("a file that ends in the middle of a line: the lines before are stored", async () => {
    const { run, values } = await importScene();
    const text = ndjson(
      { host_id: "ada", columns: { name: "Ada" } },
      { host_id: "ben", columns: { name: "Ben" } },
    );
    const cut = await run("users", "users.ndjson", text.slice(0, -12));
    expect(cut).toMatchObject({ code: 1, out: expect.stringContaining("1 stored, 1 rejected") });
    expect(cut.refused?.map(({ line }: Refused) => line)).toEqual([2]);
    expect(await run("users", "users.ndjson", text)).toMatchObject({
      code: 0,
      out: "users: 1 unchanged, 1 stored.\n",
    });
    expect(await run("users", "users.csv", "host_id,version,name\neve,1,Eve\ndora,")).toMatchObject({
      code: 1,
      refused: [{ line: 3, faults: [{ fault: "has 2 cells, but the header has 3" }] }],
    });
    expect(await values("select name as v from users where host_id is not null order by host_id")).toEqual([
      "Ada",
      "Ben",
      "Eve",
    ]);
  });

  it("a quote that is never closed, before it has read the rest of the file as one cell", async () => {
    const { run, values } = await importScene();
    const rest = "u,User\n".repeat((5 * MIB) / 7);
    expect(await run("users", "users.csv", `host_id,name\nada,Ada\nben,"Ben\n${rest}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining("The quote that is opened in the row of line 3 is not closed."),
    });
    expect(await values("select 1 as v from users where host_id is not null")).toEqual([]);
  });

  it("rows for the wrong table, and an audit entry says what was stored before a file became unreadable", async () => {
    const { run, values } = await importScene();
    const header = await run("organizations", "users.csv", "host_id,name,email\nada,Ada,ada@host.test\n");
    expect(header).toMatchObject({
      code: 1,
      err: expect.stringContaining("names email, which a host may not write"),
    });
    const users = Array.from({ length: 5_000 }, (_, n) => ({ host_id: `u${n}`, columns: { name: "U" } }));
    const broken = Buffer.concat([Buffer.from(ndjson(...users)), Buffer.from([0xff, 0x0a])]);
    expect(await run("users", "users.ndjson", broken)).toMatchObject({
      code: 1,
      err: expect.stringContaining("line 5001 is not valid UTF-8"),
    });
    expect(await values("select count(*)::int as v from users where host_id is not null")).toEqual([5_000]);
    expect(
      await values(
        "select details -> 'stored' as v from audit_log where action = 'rows.import' and details <> '{}'",
      ),
    ).toEqual([5_000]);
  });
});

it("rows of 1 MiB are imported in parts that fit the memory", async () => {
  const { run, values } = await importScene();
  const messages = Array.from({ length: 24 }, (_, n) => ({
    host_id: `m${n}`,
    columns: { thread_id: "t", sender_id: "ada", body: "x".repeat(MIB) },
  }));
  await run("users", "users.ndjson", ndjson({ host_id: "ada", columns: { name: "Ada" } }));
  await run("chat_threads", "threads.ndjson", ndjson({ host_id: "t", columns: { topic: "Plans" } }));
  expect(await run("messages", "messages.ndjson", ndjson(...messages))).toMatchObject({
    code: 0,
    out: "messages: 24 stored.\n",
  });
  expect(await values("select sum(length(body))::int as v from messages")).toEqual([24 * MIB]);
});

/** What waits for a lock in the database of the test. */
const WAITING =
  "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/** Holds up the part of an import that has a user, while it writes the version of the row. */
async function holdUp(world: World, hostId: string) {
  const held = await openTransaction(world);
  await held.query("set local idle_in_transaction_session_timeout = 0");
  await held.query(
    `insert into record_versions (mirror, key, version, deleted) values ('users', '${hostId}', 0, false)`,
  );
  const waiting = () =>
    eventually(async () => {
      const found = await world.query<{ pid: number }>(WAITING);
      expect(found).toHaveLength(1);
      return found[0]!.pid;
    });
  return { waiting, release: () => held.end("rollback") };
}

it("an import that loses its connection goes on with a new one", async () => {
  const { world, run, values } = await importScene();
  const users = Array.from({ length: 6_000 }, (_, n) => ({ host_id: `u${n}`, columns: { name: "U" } }));
  const held = await holdUp(world, "u2000");
  const importing = run("users", "users.ndjson", ndjson(...users));
  await world.query("select pg_terminate_backend($1)", [await held.waiting()]);
  await held.release();
  expect(await importing).toMatchObject({ code: 0, err: "", out: "users: 6000 stored.\n" });
  expect(await values(STORED)).toEqual([6_000]);
});

it("an import that is killed is continued by running it again", async () => {
  const { world, folder, run, values } = await importScene();
  const users = Array.from({ length: 12_000 }, (_, n) => ({
    host_id: `u${n}`,
    columns: n === 10 ? { is_operator: true } : { name: `User ${n}` },
  }));
  await writeFile(join(folder, "users.ndjson"), ndjson(...users));
  const held = await holdUp(world, "u7000");
  const importing = startCli(environmentOf(world), "import", "users", join(folder, "users.ndjson"));
  const backend = await held.waiting();
  importing.child.kill("SIGKILL");
  await importing.ended;
  await held.release();
  await eventually(async () =>
    expect(await world.query("select 1 from pg_stat_activity where pid = $1", [backend])).toEqual([]),
  );
  const [stored] = (await values(STORED)) as [number];
  // The part before, at least: one that was held up for too long was stored in smaller ones.
  expect(stored).toBeGreaterThanOrEqual(4_999);
  expect(stored).toBeLessThan(11_999);
  const again = await run("users", "users.ndjson", ndjson(...users));
  expect(again).toMatchObject({
    code: 1,
    out: expect.stringContaining(`users: ${stored} unchanged, 1 rejected, ${11_999 - stored} stored.`),
    refused: [{ line: 11, host_id: "u10" }],
  });
  expect(await values(STORED)).toEqual([11_999]);
  expect(await values("select count(*)::int as v from record_versions")).toEqual([11_999]);
  expect(await world.query("select 1 from pending_records union all select 1 from mirror_waiting")).toEqual(
    [],
  );
});
