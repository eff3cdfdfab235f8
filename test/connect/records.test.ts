import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refuseBeyondLimit } from "../../src/connect/pending-limit.ts";
import { columnFaults } from "../../src/connect/record-values.ts";
import { compareVersions, type HostRecord, recordHash } from "../../src/connect/record-versions.ts";
import { mirrorStatus } from "../../src/connect/status.ts";
import { storeRecords } from "../../src/connect/store-records.ts";
import { compareMirrors } from "../../src/connect/verify.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { beginErasure, cutErasure, eraseRange } from "../../src/erasure/erase.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { referralCode } from "../support/factories.ts";
import { hostPlatform, installMappings, reconcile } from "../support/host-platform.ts";
import { createWorld, type World } from "../support/world.ts";

const record = (
  table: string,
  key: string,
  columns: HostRecord["columns"],
  more: Partial<HostRecord> = {},
): HostRecord => ({ table, key, version: 1n, columns, backfill: false, ...more });

const store = (world: World, ...records: HostRecord[]) =>
  inTransaction(world.db, (tx) => storeRecords(tx, records));

describe("compareVersions", () => {
  it("takes newer versions, and the same version again only while our table lacks the row", () => {
    const sent = (version: bigint, hash = "a") => ({ version, hash });
    expect(compareVersions(undefined, sent(0n))).toBe("newer");
    expect(compareVersions({ version: 2n, hash: "a" }, sent(3n))).toBe("newer");
    expect(compareVersions({ version: 2n, hash: "a" }, sent(1n))).toBe("older");
    expect(compareVersions({ version: 2n, hash: null }, sent(1n))).toBe("older");
    expect(compareVersions({ version: 2n, hash: null }, sent(2n))).toBe("newer");
    expect(compareVersions({ version: 2n, hash: "a" }, sent(2n))).toBe("same");
    expect(compareVersions({ version: 2n, hash: "b" }, sent(2n))).toBe("conflict");
  });

  it("compares values, whatever the order of their keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (columns) => {
        const reversed = Object.fromEntries(Object.entries(columns).reverse());
        expect(recordHash({ columns: reversed })).toBe(recordHash({ columns }));
        expect(recordHash({ columns: { ...columns, more: 1 } })).not.toBe(
          recordHash({ columns: { ...columns, more: 2 } }),
        );
      }),
    );
    expect(recordHash({ columns: null })).not.toBe(recordHash({ columns: {} }));
    expect(recordHash({ columns: { a: [1, 2] } })).not.toBe(recordHash({ columns: { a: [2, 1] } }));
  });
});

describe("columnFaults", () => {
  const faultOf = (type: string, value: unknown, more: { notNull?: boolean; references?: boolean } = {}) =>
    columnFaults({ c: value }, [
      {
        name: "c",
        type,
        notNull: more.notNull === true,
        optional: true,
        references: more.references ? { table: "users", column: "id" } : null,
      },
    ])[0]?.fault ?? null;

  it.each([
    ["text", "a", 7],
    ["boolean", true, 1],
    ["integer", -2_147_483_648, "2147483647"],
    ["bigint", "9223372036854775807", 9_007_199_254_740_991],
    ["double precision", 0.5, "1e3"],
    ["timestamp with time zone", "2026-03-09T02:00:00+05:30", "1970-01-01T00:00:00Z"],
    ["date", "1960-02-29", null],
    ["jsonb", { a: [null] }, "text"],
    ["text[]", ["a"], []],
    ["integer[]", [30, "60"], null],
  ])("takes as %s what Postgres reads", (type, one, other) => {
    expect([faultOf(type, one), faultOf(type, other)]).toEqual([null, null]);
  });

  it.each([
    ["text", { a: 1 }, "must be a string"],
    ["boolean", "yes", "must be true or false"],
    ["integer", 2_147_483_648, "must be a whole number of 32 bits"],
    ["smallint", 1.5, "must be a whole number; write one above 2^53 as a string"],
    ["bigint", 2 ** 53, "must be a whole number; write one above 2^53 as a string"],
    ["bigint", "9223372036854775808", "must be a whole number of 64 bits"],
    ["real", "NaN", "must be a number"],
    [
      "timestamp with time zone",
      "2026-03-09T02:00:00",
      "must be an ISO 8601 instant with an offset, not before 1970",
    ],
    ["timestamp with time zone", "infinity", "must be an ISO 8601 instant with an offset, not before 1970"],
    ["date", "2026-02-30", "must be a date such as 2026-03-09"],
    ["text[]", "a,b", "must be a list"],
    ["text[]", ["a", null], "has an item that must not be null"],
    ["integer[]", [30, "soon"], "has an item that must be a whole number; write one above 2^53 as a string"],
  ])("refuses as %s: %j", (type, value, fault) => {
    expect(faultOf(type, value)).toBe(fault);
  });

  it("takes references as texts and whole numbers", () => {
    const reference = { references: true };
    expect(faultOf("bigint", "018f6b1c", reference)).toBeNull();
    expect(faultOf("bigint", 7, reference)).toBeNull();
    for (const value of ["", 1.5, true, ["7"]])
      expect(faultOf("bigint", value, reference)).toBe(
        "must be an id of the host: a string or a whole number",
      );
    expect(faultOf("bigint", null, { references: true, notNull: true })).toBe("must not be null");
  });
});

describe("records", () => {
  it("are shown by connect status, and left out where mirrors are compared with their select", async () => {
    const world = await createWorld();
    await store(
      world,
      record("users", "ada", { name: "Ada" }),
      record("messages", "m", { thread_id: "t", sender_id: "ada", body: "Hello" }),
    );
    expect(await mirrorStatus(world.db.drizzle, world.db.schema)).toMatchObject([
      { mirror: "users", state: "records", waiting: 0 },
      { mirror: "messages", state: "records", waiting: 1, triggerFaults: [] },
    ]);
    expect(
      await compareMirrors(world.db, { actor: "test", repair: true, catchUp: async () => undefined }),
    ).toEqual([]);
    expect(await cli(environmentOf(world), "connect", "verify", "users")).toMatchObject({
      code: 1,
      err: expect.stringContaining("There is no mirror users."),
    });
    await reconcile(world);
    expect(await world.query("select name from users where host_id = 'ada'")).toEqual([{ name: "Ada" }]);
  });

  it("that failed after they had waited are named, and may be sent again with the same version", async () => {
    const world = await createWorld();
    const member = (role: string) =>
      record("organization_members", "m", { organization_id: "o", user_id: "ada", role });
    await store(world, record("users", "ada", { name: "Ada" }));
    expect(await store(world, member("king"))).toMatchObject([{ status: "waiting" }]);
    expect(await store(world, record("organizations", "o", { name: "O" }))).toEqual([{ status: "stored" }]);
    expect(await world.query("select mirror, key, code from mirror_faults")).toEqual([
      { mirror: "organization_members", key: "m", code: "23514" },
    ]);
    expect(await world.query("select 1 from pending_records")).toEqual([]);
    expect(await store(world, member("owner"))).toEqual([{ status: "stored" }]);
    expect(await world.query("select 1 from mirror_faults")).toEqual([]);
  });

  it("of a chain that refers to itself are written to its end", async () => {
    const world = await createWorld();
    const depth = 60;
    const profiles = Array.from({ length: depth }, (_, n) => [
      record("users", `u${n}`, { name: `User ${n}` }),
      record("volunteer_profiles", `p${n}`, {
        user_id: `u${n}`,
        organization_id: "o",
        referral_code: referralCode(n),
        referrer_id: n + 1 < depth ? `p${n + 1}` : null,
      }),
    ]).flat();
    await store(world, record("organizations", "o", { name: "O" }), ...profiles);
    await reconcile(world);
    expect(
      await world.query("select count(*)::int as n from volunteer_profiles where host_id is not null"),
    ).toEqual([{ n: depth }]);
    expect(await world.query("select 1 from pending_records union all select 1 from mirror_waiting")).toEqual(
      [],
    );
  });

  it("wait up to a limit; those beyond it are refused, and may be sent again", async () => {
    const world = await createWorld();
    const messages = [1, 2, 3].map((n) =>
      record("messages", `m${n}`, { thread_id: "t", sender_id: "ada", body: "Hello" }),
    );
    await store(world, record("users", "ada", { name: "Ada" }), ...messages);
    const refused = await inTransaction(world.db, (tx) =>
      refuseBeyondLimit(tx, [{ table: "messages", key: "m3" }], { records: 2, bytes: 1e9 }),
    );
    expect(refused).toMatchObject([{ record: { key: "m3" }, faults: [{ field: "columns" }] }]);
    await store(world, record("chat_threads", "t", { topic: "Plans" }));
    expect(await world.query("select host_id from messages order by 1")).toEqual([
      { host_id: "m1" },
      { host_id: "m2" },
    ]);
    expect(await store(world, ...messages)).toEqual([
      { status: "unchanged" },
      { status: "unchanged" },
      { status: "stored" },
    ]);
  });

  it("of an erased user are erased: waiting records, and versions", async () => {
    const world = await createWorld();
    await store(
      world,
      record("users", "ada", { name: "Ada" }),
      record("volunteers", "ada", { user_id: "ada" }),
      record("users", "ben", { name: "Ben" }),
      record("messages", "m", { thread_id: "t", sender_id: "ada", body: "Hello" }),
      record("messages", "n", { thread_id: "t", sender_id: "ben", body: "Hello" }),
    );
    const [ada] = await world.query<{ id: string }>("select id::text from users where host_id = 'ada'");
    await inTransaction(world.db, async (tx) => {
      const person = await beginErasure(tx, ada?.id ?? "");
      if (!person) throw new Error("there is no such user");
      for (const range of await cutErasure(tx, person))
        if (["pending_records", "record_versions"].includes(range.table))
          await eraseRange(tx, person.userId, range);
    });
    expect(await world.query("select key from pending_records")).toEqual([{ key: "n" }]);
    expect(await world.query("select mirror, key from record_versions order by 1, 2")).toEqual([
      { mirror: "messages", key: "m" },
      { mirror: "messages", key: "n" },
      { mirror: "users", key: "ben" },
    ]);
  });

  it("give way to a mapping that is installed for their table", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await store(world, record("users", "018f6b1c-aaaa-7000-8000-000000000001", { name: "Ada" }));
    await world.query("insert into app.accounts (mail) values ('ben@host.test')");
    await installMappings(world);
    await reconcile(world);
    expect(
      await world.query("select name, email from users where host_id is not null order by email nulls first"),
    ).toEqual([
      { name: "", email: null },
      { name: "", email: "ben@host.test" },
    ]);
    expect(await store(world, record("users", "eve", { name: "Eve" }))).toMatchObject([
      { status: "rejected" },
    ]);
    expect(await world.query("select 1 from record_versions")).toEqual([]);
  });
});
