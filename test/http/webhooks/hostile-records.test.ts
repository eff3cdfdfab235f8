import { describe, expect, it } from "vitest";
import { HOST_TABLES, type HostTable } from "../../../src/connect/host-tables.ts";
import { mirrorStatus } from "../../../src/connect/status.ts";
import {
  ADA,
  type Answer,
  BEN,
  count,
  deleted,
  type Line,
  message,
  openRecords,
  record,
  thread,
  user,
  values,
} from "../records-support.ts";

// What goes wrong at a host, and must harm no other row.

const MIB = 1024 * 1024;

const faultsOf = ({ faults = [] }: Answer): string[] =>
  faults.map(({ field, fault }) => `${field}: ${fault}`);

/** A line whose columns have a number as it is written. */
const withNumber = (line: Line, column: string, number: string): string =>
  JSON.stringify({ ...line, columns: { ...(line["columns"] as Line), [column]: "?" } }).replace(
    '"?"',
    number,
  );

describe("the host's tables have changed", () => {
  it("columns renamed, dropped or of another type", async () => {
    const { world, answers } = await openRecords();
    await answers(user(ADA, 1, { time_zone: "Europe/Berlin" }));
    const sent = await answers(
      record("users", ADA, 2, { full_name: "Ada", email: "ada@host.test" }),
      user(ADA, 3, { name: { first: "Ada" } }),
      user(ADA, 4, { created_at: 1_773_021_600 }),
      user(ADA, 5, { last_active_at: "09/03/2026 02:00" }),
      // Its columns are gone: they stay as they were.
      record("users", ADA, 6, { name: "Ada L." }),
    );
    expect(sent.map(faultsOf)).toEqual([
      ["columns.full_name: is not a column that a host may write"],
      ["columns.name: must be a string"],
      ["columns.created_at: must be an ISO 8601 instant with an offset, not before 1970"],
      ["columns.last_active_at: must be an ISO 8601 instant with an offset, not before 1970"],
      [],
    ]);
    expect(await world.query("select name, email, time_zone from users where host_id is not null")).toEqual([
      { name: "Ada L.", email: "ada@host.test", time_zone: "Europe/Berlin" },
    ]);
  });

  it("tables swapped", async () => {
    const { world, answers, statuses } = await openRecords();
    await answers(user(ADA), record("organizations", "o", 1, { name: "O" }));
    const swapped = await answers(
      record("organizations", ADA, 1, { name: "Ada", email: "ada@host.test" }),
      record("project_members", "o-ada", 1, { organization_id: "o", user_id: ADA, role: "owner" }),
      record("messages", "t", 1, { topic: "Plans" }),
    );
    expect(swapped.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    // Tables with the same columns: the rows wait, or break a rule, and can be taken back.
    expect(
      await statuses(
        record("resource_permissions", "p-ada", 1, { resource_id: "p", user_id: ADA, permission: "view" }),
        record("user_matches", "ada-o", 1, { user_id: ADA, other_id: "o" }),
      ),
    ).toEqual(["waiting", "waiting"]);
    expect(
      await statuses(deleted("resource_permissions", "p-ada", 2), deleted("user_matches", "ada-o", 2)),
    ).toEqual(["stored", "stored"]);
    expect(await world.query("select 1 from mirror_waiting union all select 1 from pending_records")).toEqual(
      [],
    );
    expect(await values(world, "organizations", "name")).toEqual(["O"]);
    expect(await count(world, "organization_members")).toBe(0);
  });

  it("columns and tables of ours are refused, whatever they are called", async () => {
    const { world, answers } = await openRecords();
    const tables: Readonly<Record<string, HostTable>> = HOST_TABLES;
    const own = Object.entries(tables).flatMap(([table, { kept = [], ownIds = [] }]) =>
      [...kept, ...ownIds, "id", "host_id"].map((column) => ({ table, column })),
    );
    const sent = await answers(...own.map(({ table, column }) => record(table, "1", 1, { [column]: 1 })));
    for (const [index, { table, column }] of own.entries())
      expect(faultsOf(sent[index] as Answer), `${table}.${column}`).toContain(
        `columns.${column}: is not a column that a host may write`,
      );
    const foreign = [
      "ledger_entries",
      "token_sales",
      "mirrors",
      "users; drop table users",
      "constructor",
      "__proto__",
    ];
    const refused = await answers(...foreign.map((table) => record(table, "1", 1, { name: "x" })));
    for (const answer of refused)
      expect(faultsOf(answer)).toEqual(["table: is not a table that a host may write"]);
    expect(await count(world, "record_versions")).toBe(0);
  });
});

describe("versions and ids", () => {
  it("an id that is used again after a deletion is another row, except of a user", async () => {
    const { world, answers } = await openRecords();
    await answers(user(ADA), user(BEN), thread("t"), thread("u"), message("m"));
    await world.query("update users set is_operator = true where host_id = $1", [ADA]);
    const [before] = await world.query("select id from messages");
    await answers(deleted("messages", "m", 2), deleted("users", ADA, 2));
    await answers(
      message("m", 3, { thread_id: "u", sender_id: BEN, body: "Another" }),
      user(ADA, 3, { name: "Eve", email: "eve@host.test" }),
    );
    const [after] = await world.query("select id, body from messages");
    expect(after).toMatchObject({ body: "Another" });
    expect(after?.["id"]).not.toBe(before?.["id"]);
    expect(await world.query("select name, is_operator from users where host_id = $1", [ADA])).toEqual([
      { name: "Eve", is_operator: false },
    ]);
  });

  it("versions that go back, as after a backup was restored, change nothing until they are higher again", async () => {
    const { world, send, statuses } = await openRecords();
    await statuses(user(ADA, 900, { name: "Before" }));
    expect(await send([user(ADA, 17, { name: "Restored" })])).toMatchObject({
      status: 200,
      body: { status: "duplicate", records: [{ status: "older" }] },
    });
    expect(await values(world, "users", "name")).toEqual(["Before"]);
    expect(await statuses(user(ADA, 1_017, { name: "Restored" }))).toEqual(["stored"]);
    expect(await values(world, "users", "name")).toEqual(["Restored"]);
  });

  it("versions out of range are refused", async () => {
    const { answers, statuses } = await openRecords();
    const version = (text: string) => JSON.stringify(user(ADA)).replace('"version":1', `"version":${text}`);
    for (const text of [
      "-1",
      "1.5",
      "9007199254740993",
      '"9223372036854775808"',
      '"0x10"',
      "1e400",
      "true",
      "null",
    ])
      expect((await answers(version(text)))[0], text).toMatchObject({
        status: "rejected",
        faults: [{ field: "version" }],
      });
    expect(await statuses(version('"9223372036854775807"'))).toEqual(["stored"]);
  });

  it("a deletion of an unknown row is remembered: an older version that arrives later is not stored", async () => {
    const { world, statuses } = await openRecords();
    await statuses(user(ADA), thread("t"));
    expect(await statuses(deleted("messages", "m", 5), deleted("users", "nobody", 5))).toEqual([
      "stored",
      "stored",
    ]);
    expect(await statuses(message("m", 4), user("nobody", 4))).toEqual(["older", "older"]);
    expect(await count(world, "messages")).toBe(0);
    expect(await values(world, "users", "host_id")).toEqual([ADA]);
    expect(await statuses(message("m", 6))).toEqual(["stored"]);
    expect(await count(world, "messages")).toBe(1);
  });

  it("a row whose parent never comes waits, is shown, and can be taken back", async () => {
    const { world, statuses } = await openRecords();
    await statuses(user(ADA), thread("t"), record("organizations", "o", 1, { name: "O" }));
    const profile = (version: number, referrer: string | null) =>
      record("volunteer_profiles", "p", version, {
        user_id: ADA,
        organization_id: "o",
        referral_code: "ABCD2345",
        referrer_id: referrer,
      });
    // A row that refers to itself waits for itself.
    expect(await statuses(message("m", 1, { thread_id: "never" }), profile(1, "p"))).toEqual([
      "waiting",
      "waiting",
    ]);
    const waiting = async () =>
      Object.fromEntries(
        (await mirrorStatus(world.db.drizzle, world.db.schema)).map((each) => [each.mirror, each.waiting]),
      );
    expect(await waiting()).toMatchObject({ messages: 1, volunteer_profiles: 1 });
    expect(await statuses(deleted("messages", "m", 2), profile(2, null))).toEqual(["stored", "stored"]);
    expect(await waiting()).toMatchObject({ messages: 0, volunteer_profiles: 0 });
  });
});

describe("values", () => {
  it("texts that Postgres or an operator could not read are refused", async () => {
    const { world, answers } = await openRecords();
    const sent = await answers(
      user("a\u0007b"),
      user(""),
      user("x".repeat(256)),
      user(ADA, 1, { name: "\u0000" }),
      JSON.stringify(user(ADA, 1, { name: "?" })).replace("?", "\\ud800"),
      message("m", 1, { thread_id: "t\u001b[2J" }),
      record("cvs", "c", 1, { user_id: ADA, parsed_content: { "\u0000": 1 } }),
      JSON.stringify(user(ADA)).replace('"name":"Ada"', '"name":"Ada","name":"Eve"'),
      // Control characters in a text are the host's own business.
      user(BEN, 1, { name: "Ben\u0007" }),
    );
    expect(sent.map(({ status }) => status)).toEqual([...Array(8).fill("rejected"), "stored"]);
    expect(sent.map((answer) => answer.faults?.[0]?.field)).toEqual([
      "host_id",
      "host_id",
      "host_id",
      "columns.name",
      "columns.name",
      "columns.thread_id",
      "columns.parsed_content.\ufffd",
      "columns.name",
      undefined,
    ]);
    expect(await values(world, "users", "name")).toEqual(["Ben\u0007"]);
  });

  it("numbers out of range are refused, and not taken for null", async () => {
    const { world, answers } = await openRecords();
    await answers(user(ADA), user(BEN), record("organizations", "o", 1, { name: "O" }));
    const volunteer = record("volunteers", ADA, 1, { user_id: ADA, latitude: 1, longitude: 1 });
    const rating = record("profile_ratings", "r", 1, {
      rater_id: ADA,
      rated_id: BEN,
      attractive: 1,
      smart: 1,
      funny: 1,
      interesting: 1,
    });
    const sent = await answers(
      withNumber(volunteer, "latitude", "1e400"),
      withNumber(volunteer, "latitude", '"1e400"'),
      withNumber(volunteer, "latitude", "91"),
      withNumber(rating, "smart", "1e39"),
      withNumber(record("cvs", "c", 1, { user_id: ADA }), "parsed_content", '{"years":[1e999]}'),
      withNumber(record("task_templates", "t", 1, { title: "T" }), "xp_reward", "2147483648"),
    );
    expect(sent.map(({ status }) => status)).toEqual(Array(6).fill("rejected"));
    expect(sent.map((answer) => faultsOf(answer)[0])).toEqual([
      "columns.latitude: is out of range",
      "columns.latitude: is out of range",
      expect.stringMatching(/^columns.latitude: breaks the rule /),
      "columns: a value is out of range",
      "columns.parsed_content: has a number that is out of range",
      "columns.xp_reward: must be a whole number of 32 bits",
    ]);
    for (const table of ["volunteers", "profile_ratings", "cvs", "task_templates"])
      expect(await count(world, table), table).toBe(0);
  });

  it("a clock without a zone is refused in every table", async () => {
    const { world, answers } = await openRecords();
    const columns = await world.query<{ table: string; column: string }>(
      `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace = current_schema()::regnamespace and a.atttypid = 'timestamptz'::regtype and c.relkind = 'r'`,
    );
    const tables: Readonly<Record<string, HostTable>> = HOST_TABLES;
    const writable = columns.filter(({ table, column }) => tables[table]?.writes.includes(column));
    expect(writable.length).toBeGreaterThan(20);
    const sent = await answers(
      ...writable.map(({ table, column }) => record(table, "1", 1, { [column]: "2026-03-29T02:30:00" })),
    );
    for (const [index, { table, column }] of writable.entries())
      expect(faultsOf(sent[index] as Answer), `${table}.${column}`).toContain(
        `columns.${column}: must be an ISO 8601 instant with an offset, not before 1970`,
      );
  });
});

describe("sizes", () => {
  it("a row of 1 MiB is stored, and found unchanged", async () => {
    const { world, statuses } = await openRecords();
    await statuses(user(ADA), thread("t"));
    const long = message("m", 1, { body: "x".repeat(MIB) });
    expect(await statuses(long, message("n"))).toEqual(["stored", "stored"]);
    expect(await statuses(long)).toEqual(["unchanged"]);
    expect(await values(world, "messages", "length(body)")).toEqual([MIB, 5]);
  });

  it("a body of 4 MiB is taken, one of a byte more is not", async () => {
    const { world, sendBody } = await openRecords();
    const line = JSON.stringify(user(ADA));
    const padded = (bytes: number) => line.padEnd(bytes, " ");
    expect(await sendBody(padded(4 * MIB + 1))).toMatchObject({ status: 413 });
    expect(await count(world, "record_versions")).toBe(0);
    expect(await sendBody(padded(4 * MIB))).toMatchObject({ status: 202 });
  });

  it("a truncated line is refused alone; a truncated character is no text at all", async () => {
    const { world, sendBody } = await openRecords();
    const text = `${JSON.stringify(user(ADA, 1, { name: "Adé" }))}\n${JSON.stringify(user(BEN, 1, { name: "Bén" }))}`;
    const cut = await sendBody(text.slice(0, -9));
    expect(cut).toMatchObject({
      status: 422,
      body: { records: [{ status: "stored" }, { status: "rejected", line: 2 }] },
    });
    const bytes = Buffer.from(text);
    const middle = bytes.lastIndexOf("é") + 1;
    expect(await sendBody(bytes.subarray(0, middle))).toMatchObject({
      status: 422,
      body: { error: { faults: [{ field: "body", fault: "is not valid UTF-8" }] } },
    });
    expect((await sendBody(text)).body["records"]).toMatchObject([
      { status: "unchanged" },
      { status: "stored" },
    ]);
    expect(await values(world, "users", "name")).toEqual(["Adé", "Bén"]);
  });
});
