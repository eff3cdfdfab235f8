import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lockKey } from "../../../src/db/schema-keys.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { beginErasure } from "../../../src/erasure/erase.ts";
import { eventually } from "../../support/eventually.ts";
import { hostPlatform, installMappings, reconcile } from "../../support/host-platform.ts";
import { openTransaction } from "../../support/open-transaction.ts";
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
  SECRET,
  thread,
  user,
  values,
} from "../records-support.ts";
import { sign } from "../support.ts";

describe("POST /webhooks/records", () => {
  it("stores rows with the host's ids, whatever their order, and answers for each", async () => {
    const { world, send } = await openRecords();
    const lines = [
      record("messages", "90", 7, {
        thread_id: "t-1",
        sender_id: ADA,
        body: "Hello",
        created_at: "2026-03-09T04:00:00+02:00",
      }),
      user(ADA, 7),
      { table: "chat_threads", host_id: "t-1", version: "7", columns: { topic: "Plans" } },
    ];
    const answer = await send(lines);
    expect(answer).toMatchObject({ status: 202, body: { status: "accepted" } });
    expect(answer.body["records"]).toEqual([
      { line: 1, table: "messages", host_id: "90", status: "stored" },
      { line: 2, table: "users", host_id: ADA, status: "stored" },
      { line: 3, table: "chat_threads", host_id: "t-1", status: "stored" },
    ]);
    expect(
      await world.query(
        `select m.host_id, m.body, m.created_at = '2026-03-09T02:00:00Z' as "isThen", u.name, t.topic
         from messages m join users u on u.id = m.sender_id join chat_threads t on t.id = m.thread_id`,
      ),
    ).toEqual([{ host_id: "90", body: "Hello", isThen: true, name: "Ada", topic: "Plans" }]);
    expect(await count(world, "pending_records")).toBe(0);
    expect(await send(lines)).toMatchObject({ status: 200, body: { status: "duplicate" } });
  });

  it("reads lists, JSON, dates, numbers as texts, and ids that are numbers, and sets null", async () => {
    const { world, statuses } = await openRecords();
    expect(
      await statuses(
        { ...user("7"), host_id: 7 },
        record("user_profiles", "7", 1, {
          user_id: 7,
          secondary_job_titles: ["gardener", "cook"],
          technical_skills: [{ name: "soil" }],
          salary_range_min: "1200.50",
          salary_currency: null,
        }),
        record("profiles", "7", 1, {
          user_id: "7",
          birth_date: "1990-02-28",
          visible: 0,
          quiz_vector: [1, 2.5],
        }),
      ),
    ).toEqual(["stored", "stored", "stored"]);
    expect(
      await world.query(
        `select secondary_job_titles as titles, technical_skills as skills, salary_range_min as least, birth_date::text as born,
                visible, quiz_vector as quiz from user_profiles join profiles using (user_id)`,
      ),
    ).toEqual([
      {
        titles: ["gardener", "cook"],
        skills: [{ name: "soil" }],
        least: 1200.5,
        born: "1990-02-28",
        visible: false,
        quiz: [1, 2.5],
      },
    ]);
  });

  it("never overwrites a newer version with an older one, deletions included", async () => {
    const { world, send, statuses } = await openRecords();
    await send([user(ADA, 5, { name: "Five" })]);
    expect(await statuses(user(ADA, 4, { name: "Four" }), deleted("users", ADA, 3))).toEqual([
      "older",
      "older",
    ]);
    expect(await values(world, "users", "name")).toEqual(["Five"]);
    await send([thread("t", 5)]);
    expect(await statuses(deleted("chat_threads", "t", 6))).toEqual(["stored"]);
    expect(await statuses(thread("t", 5), deleted("chat_threads", "t", 6))).toEqual(["older", "unchanged"]);
    expect(await count(world, "chat_threads")).toBe(0);
    expect(await statuses(thread("t", 7))).toEqual(["stored"]);
    expect(await count(world, "chat_threads")).toBe(1);
  });

  it("the newest version of a row in one call counts, in any order", async () => {
    const { world, statuses } = await openRecords();
    expect(
      await statuses(
        user(ADA, 1, { name: "One" }),
        user(ADA, 3, { name: "Three" }),
        user(ADA, 3, { name: "Other" }),
        user(ADA, 2, { name: "Two" }),
        user(ADA, 3, { email: "ada@host.test", name: "Three" }),
      ),
    ).toEqual(["older", "stored", "conflict", "older", "unchanged"]);
    expect(await values(world, "users", "name")).toEqual(["Three"]);
  });

  it("answers 409 for another value of a stored version, changes nothing, and stores the others", async () => {
    const { world, send, statuses } = await openRecords();
    await send([user(ADA, 5), thread("t", 5)]);
    const answer = await send([user(ADA, 5, { name: "Eve" }), deleted("chat_threads", "t", 5), user(BEN)]);
    expect(answer).toMatchObject({ status: 409, body: { status: "conflict", error: { code: "conflict" } } });
    expect((answer.body["records"] as Answer[]).map(({ status }) => status)).toEqual([
      "conflict",
      "conflict",
      "stored",
    ]);
    expect(await values(world, "users", "name")).toEqual(["Ada", "Ada"]);
    // The order of the columns is no other value.
    expect(await statuses(record("users", ADA, 5, { email: "ada@host.test", name: "Ada" }))).toEqual([
      "unchanged",
    ]);
  });

  it("lets a record wait for the row that it refers to, and writes it when that arrives", async () => {
    const { world, send, answers } = await openRecords();
    const waiting = await send([user(ADA), message("m")]);
    expect(waiting).toMatchObject({ status: 202, body: { status: "accepted" } });
    expect(waiting.body["records"]).toMatchObject([
      { status: "stored" },
      { status: "waiting", waits_for: { table: "chat_threads", host_id: "t" } },
    ]);
    expect(await answers(message("m"))).toMatchObject([{ status: "waiting" }]);
    expect(await answers(message("m", 2, { body: "Hello again" }))).toMatchObject([{ status: "waiting" }]);
    expect(await answers(message("m"))).toMatchObject([{ status: "older" }]);
    expect(await values(world, "messages", "body")).toEqual([]);
    await send([thread("t")]);
    expect(await values(world, "messages", "body")).toEqual(["Hello again"]);
    expect(await count(world, "pending_records")).toBe(0);
    expect(await answers(message("m", 2, { body: "Hello again" }))).toMatchObject([{ status: "unchanged" }]);
  });

  it("a record that waits can be deleted", async () => {
    const { world, send } = await openRecords();
    await send([user(ADA), message("m"), deleted("messages", "m", 2), thread("t")]);
    expect(await count(world, "messages")).toBe(0);
    expect(await world.query("select 1 from mirror_waiting union all select 1 from pending_records")).toEqual(
      [],
    );
  });

  it("removes the rows that refer to a deleted one, which may be sent again with the same version", async () => {
    const { world, send, statuses } = await openRecords();
    await send([user(ADA), thread("t"), message("m")]);
    await send([deleted("chat_threads", "t", 2)]);
    expect(await count(world, "messages")).toBe(0);
    expect(await count(world, "mirror_waiting")).toBe(0);
    await send([thread("t", 3)]);
    expect(await statuses(message("m", 0), message("m", 1))).toEqual(["older", "stored"]);
    expect(await values(world, "messages", "body")).toEqual(["Hello"]);
  });

  it("empties and deactivates users who are deleted, and restores them", async () => {
    const { world, send } = await openRecords();
    await send([user(ADA), thread("t"), message("m")]);
    await send([deleted("users", ADA, 2)]);
    expect(
      await world.query(
        "select name, email, deactivated_at is null as active from users where host_id = $1",
        [ADA],
      ),
    ).toEqual([{ name: "", email: null, active: false }]);
    expect(await count(world, "messages")).toBe(1);
    await send([user(ADA, 3)]);
    expect(
      await world.query("select name, deactivated_at is null as active from users where host_id = $1", [ADA]),
    ).toEqual([{ name: "Ada", active: true }]);
  });

  it("makes unread messages due, except those of a backfill, whenever they are written", async () => {
    const { world, send } = await openRecords();
    await send([user(ADA), thread("t"), { ...message("old"), backfill: true }]);
    await send([{ ...message("waits", 1, { thread_id: "later" }), backfill: true }]);
    await send([thread("later")]);
    expect(await count(world, "messages")).toBe(2);
    expect(await count(world, "unread_marks")).toBe(0);
    await send([message("new"), { ...message("older still"), backfill: true }]);
    expect(await count(world, "unread_marks")).toBe(1);
  });
});

describe("POST /webhooks/records rejects", () => {
  it("each record with the field and the reason, and stores the others", async () => {
    const { world, send } = await openRecords();
    const answer = await send([
      user(ADA),
      user(BEN, 1, { is_operator: true }),
      record("ledger_entries", "1", 1, { amount: 5 }),
      record("project_members", "1", 1, { user_id: ADA }),
      record("messages", "1", 1, { thread_id: { id: 1 }, sender_id: ADA, body: null }),
      "{",
      { ...thread("t"), version: -1, colour: "red" },
      { table: "chat_threads", host_id: "t", version: 1 },
      user(BEN, 1, { last_active_at: "2026-03-09 02:00:00" }),
      user(BEN, 1, { name: "a\u0000" }),
      record("projects", "p", 1, { organization_id: "o", created_by: ADA, name: "P", latitude: "north" }),
    ]);
    expect(answer).toMatchObject({
      status: 422,
      body: { status: "rejected", error: { code: "bad-records" } },
    });
    const rejected = answer.body["records"] as Answer[];
    expect(rejected.map(({ status }) => status)).toEqual(["stored", ...Array(10).fill("rejected")]);
    const faults = rejected.map(({ faults = [] }) => faults.map(({ field, fault }) => `${field}: ${fault}`));
    expect(faults).toEqual([
      [],
      ["columns.is_operator: is not a column that a host may write"],
      ["table: is not a table that a host may write"],
      ["columns.project_id: is required"],
      [
        "columns.thread_id: must be an id of the host: a string or a whole number",
        "columns.body: must not be null",
      ],
      [expect.stringMatching(/^: is not JSON: /)],
      [
        "version: must be a whole number, 0 or greater; write one above 2^53 as a string",
        ': Unrecognized key: "colour"',
      ],
      ["columns: is required unless deleted is true"],
      ["columns.last_active_at: must be an ISO 8601 instant with an offset, not before 1970"],
      ["columns.name: must not contain U+0000 or lone surrogates"],
      ["columns.latitude: must be a number"],
    ]);
    expect(rejected[4]).toMatchObject({ line: 5, table: "messages", host_id: "1" });
    expect(await values(world, "users", "name")).toEqual(["Ada"]);
    expect(await count(world, "record_versions")).toBe(1);
  });

  it("a row that breaks a rule of ours alone, names the column, and takes it once it is corrected", async () => {
    const { world, send, answers } = await openRecords();
    await send([user(ADA), record("organizations", "o", 1, { name: "O" })]);
    const member = (role: string) =>
      record("organization_members", "o-ada", 1, { organization_id: "o", user_id: ADA, role });
    const [bad, same, ...good] = await answers(
      member("king"),
      record("organization_members", "o-ada-2", 1, { organization_id: "o", user_id: ADA, role: "owner" }),
      ...Array.from({ length: 200 }, (_, n) => user(`u${n}`)),
    );
    expect(bad).toMatchObject({ status: "rejected", faults: [{ field: "columns.role" }] });
    expect(bad?.faults?.[0]?.fault).toMatch(/breaks the rule .*owner.*member/);
    expect(same?.status).toBe("stored");
    expect(new Set(good.map(({ status }) => status))).toEqual(new Set(["stored"]));
    // Its place is taken by another row with the same key of ours.
    expect(await answers(member("member"))).toMatchObject([
      {
        status: "rejected",
        faults: [
          { field: "columns.organization_id", fault: "another row has the same value" },
          { field: "columns.user_id", fault: "another row has the same value" },
        ],
      },
    ]);
    expect(await answers(deleted("organization_members", "o-ada-2", 2), member("member"))).toMatchObject([
      { status: "stored" },
      { status: "stored" },
    ]);
    expect(await count(world, "mirror_faults")).toBe(0);
    expect(await count(world, "pending_records")).toBe(0);
  });

  it("only the new version: the one before stays, and waiting records go on waiting", async () => {
    const { world, send, statuses } = await openRecords();
    await send([user(ADA), record("organizations", "o", 1, { name: "O" })]);
    const member = (version: number, role: string, organization = "o") =>
      record("organization_members", "x", version, { organization_id: organization, user_id: ADA, role });
    expect(await statuses(member(2, "king"), member(1, "owner"))).toEqual(["rejected", "stored"]);
    expect(await statuses(member(3, "member", "later"))).toEqual(["waiting"]);
    expect(await statuses(member(4, "king"))).toEqual(["rejected"]);
    await send([record("organizations", "later", 1, { name: "Later" })]);
    expect(await values(world, "organization_members", "role")).toEqual(["member"]);
    expect(await statuses(member(3, "member", "later"))).toEqual(["unchanged"]);
  });

  it("the versions of a row beyond twenty that were refused, in one call, and takes them in another", async () => {
    const { world, send, statuses } = await openRecords();
    await send([user(ADA), record("organizations", "o", 1, { name: "O" })]);
    const member = (version: number, role: string) =>
      record("organization_members", "x", version, { organization_id: "o", user_id: ADA, role });
    const refused = Array.from({ length: 40 }, (_, n) => member(100 - n, "king"));
    expect(await statuses(member(1, "owner"), ...refused)).toEqual(Array(41).fill("rejected"));
    expect(await count(world, "organization_members")).toBe(0);
    expect(await statuses(member(1, "owner"))).toEqual(["stored"]);
  });

  it("records of a table that is mirrored from the same database; a record waits for its rows", async () => {
    const { world, send, answers } = await openRecords();
    await hostPlatform(world);
    await installMappings(world);
    await reconcile(world);
    expect(await answers(user(ADA), record("skills", "s", 1, { name: "Soil" }))).toMatchObject([
      {
        status: "rejected",
        faults: [
          { field: "table", fault: "is mirrored from tables in this database, so it takes no records" },
        ],
      },
      { status: "stored" },
    ]);
    await send([record("volunteers", "v", 1, { user_id: ADA, skills_visible: false })]);
    expect(await count(world, "volunteers")).toBe(0);
    await world.query("insert into app.accounts (id, mail) values ($1, 'ada@host.test')", [ADA]);
    await reconcile(world);
    expect(await values(world, "volunteers", "skills_visible")).toEqual([false]);
    expect(await count(world, "pending_records")).toBe(0);
  });

  it("users who were erased, and rows that refer to them", async () => {
    const { world, send, answers } = await openRecords();
    await send([user(ADA), thread("t"), message("waits", 1, { thread_id: "later" })]);
    const [row] = await world.query<{ id: string }>("select id::text from users where host_id = $1", [ADA]);
    await inTransaction(world.db, (tx) => beginErasure(tx, row?.id ?? ""));
    expect(await answers(user(ADA, 2), message("m"))).toMatchObject([
      { status: "rejected", faults: [{ field: "host_id", fault: "is the id of an erased user" }] },
      { status: "rejected", faults: [{ field: "columns.sender_id" }] },
    ]);
    await send([thread("later")]);
    expect(await count(world, "messages")).toBe(0);
    expect(await values(world, "users", "name")).toEqual([""]);
  });

  it("bodies that are not signed NDJSON of at most 1,000 lines and 4 MiB", async () => {
    const { world, send } = await openRecords();
    const many = Array.from({ length: 1_001 }, (_, n) => user(`u${n}`));
    expect(await send(many)).toMatchObject({
      status: 422,
      body: {
        error: { code: "bad-records", faults: [{ field: "body", fault: "must have 1 to 1000 lines" }] },
      },
    });
    expect(await send([" "])).toMatchObject({ status: 422 });
    expect(await send([user(ADA, 1, { name: "x".repeat(4 * 1024 * 1024) })])).toMatchObject({ status: 413 });
    expect(await send([user(ADA)], { "Content-Type": "application/json" })).toMatchObject({
      status: 415,
      body: { error: { code: "not-json", message: "Send Content-Type: application/x-ndjson." } },
    });
    expect(await send([user(ADA)], { "X-Commonwork-Signature": sign("other", SECRET) })).toMatchObject({
      status: 401,
    });
    expect(await values(world, "users", "name")).toEqual([]);
    expect(await send(many.slice(0, 1_000))).toMatchObject({ status: 202 });
    expect(await values(world, "users", "name")).toHaveLength(1_000);
  });
});

it("calls wait for each other without a connection each, and too many are answered with 503", async () => {
  const { world, send } = await openRecords();
  const held = await openTransaction(world);
  await held.query(`select pg_advisory_xact_lock(${lockKey("reconcile-mirrors")})`);
  const answers: number[] = [];
  const calls = Array.from({ length: 20 }, async (_, n) => {
    const { status } = await send([user(`u${n}`)]);
    answers.push(status);
  });
  // One is being stored, or not yet, and sixteen wait.
  await eventually(() => expect(answers.length).toBeGreaterThanOrEqual(3));
  const refused = [...answers];
  await eventually(async () =>
    expect(
      await world.query(
        `select 1 from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())`,
      ),
    ).toHaveLength(1),
  );
  await held.end("commit");
  await Promise.all(calls);
  expect(new Set(refused)).toEqual(new Set([503]));
  expect(answers.filter((status) => status === 202).length).toBeGreaterThanOrEqual(16);
  expect(answers.filter((status) => status !== 202).length).toBeLessThanOrEqual(4);
});

describe("records in any order, repeated, and in calls at the same time", () => {
  const names = ["t1", "t2"];
  const anyRecord = fc.oneof(
    fc
      .record({ key: fc.constantFrom(...names), version: fc.integer({ min: 1, max: 6 }), gone: fc.boolean() })
      .map(({ key, version, gone }) =>
        gone
          ? deleted("chat_threads", key, version * 2 + 1)
          : record("chat_threads", key, version * 2, { topic: `${key} ${version}` }),
      ),
    fc
      .record({
        key: fc.constantFrom("m1", "m2", "m3"),
        version: fc.integer({ min: 1, max: 6 }),
        in: fc.constantFrom(...names),
      })
      .map((m) =>
        record("messages", m.key, m.version, {
          thread_id: m.in,
          sender_id: ADA,
          body: `${m.key} ${m.version}`,
        }),
      ),
  );

  it("end with the newest version of each row", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), { maxLength: 6 }),
        async (calls) => {
          const { world, send } = await openRecords();
          await send([user(ADA)]);
          // Of several values with one version the first to arrive counts: all but one are dropped here.
          const seen = new Set<string>();
          const distinct = calls.map((call) =>
            call.filter(({ table, host_id, version }) => {
              const id = `${table} ${host_id} ${version}`;
              return !seen.has(id) && seen.add(id);
            }),
          );
          const sent = distinct.filter((call) => call.length > 0);
          await Promise.all(sent.map((call) => send(call)));
          await Promise.all(sent.map((call) => send(call)));
          const newest = new Map<string, Line>();
          for (const line of sent.flat()) {
            const id = `${line["table"]} ${line["host_id"]}`;
            if ((line["version"] as number) > ((newest.get(id)?.["version"] as number | undefined) ?? 0))
              newest.set(id, line);
          }
          const columns = (table: string, key: string) =>
            newest.get(`${table} ${key}`)?.["columns"] as Line | undefined;
          const threads = names.flatMap((key) => columns("chat_threads", key)?.["topic"] ?? []);
          const messages = ["m1", "m2", "m3"].flatMap((key) => {
            const given = columns("messages", key);
            return given && columns("chat_threads", String(given["thread_id"])) ? [given["body"]] : [];
          });
          expect(await values(world, "chat_threads", "topic")).toEqual(threads);
          expect(await values(world, "messages", "body")).toEqual(messages);
        },
      ),
      { numRuns: 12 },
    );
  });
});
