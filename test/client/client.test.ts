import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  emit,
  enqueue,
  forwardOutbox,
  forwardRecords,
  type OutboxRow,
  type Queryable,
  type RecordOutboxRow,
  type SentRecord,
  sendRecords,
  signRequest,
} from "../../src/client/index.ts";
import { serve, sign } from "../http/support.ts";
import { filesIn, read, root } from "../support/pages.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

/** The modules that files import when they run, without what is imported as a type. */
const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?"([^"]+)";/gms)].map(
    ([, name]) => name as string,
  );

describe("commonwork/client", () => {
  it("is an export of the package", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(exports["./client"]).toEqual({
      types: "./dist/client/index.d.ts",
      default: "./dist/client/index.js",
    });
    expect(existsSync(join(root, "src/client/index.ts"))).toBe(true);
  });

  it("imports nothing when it runs but itself and node:crypto", () => {
    const files = filesIn("src/client", ".ts");
    expect(files.length).toBeGreaterThan(4);
    const outside = files.flatMap((file) =>
      importsOf(file).filter((name) => !files.includes(normalize(join(dirname(file), name)))),
    );
    expect(outside).toEqual(["node:crypto"]);
  });

  it("is typed from the schemas of events and jobs", () => {
    const tx: Queryable = { query: async () => undefined };
    expectTypeOf(emit<"document_uploaded">).toBeCallableWith(tx, { type: "document_uploaded", resource: 1 });
    expectTypeOf(emit<"invite_accepted">).toBeCallableWith(tx, {
      type: "invite_accepted",
      payload: { org_id: "o" },
    });
    // @ts-expect-error: the payload is missing.
    void (() => emit(tx, { type: "invite_accepted" }));
    const wrong = { affected_user_id: 1, new_permission: "own" } as const;
    // @ts-expect-error: not a permission.
    void (() => emit(tx, { type: "project_access_granted", payload: wrong }));
    // @ts-expect-error: no host may request it.
    void (() => enqueue(tx, "release-commission", {}));
    // @ts-expect-error: not a field of the payload.
    void (() => enqueue(tx, "calculate-matches", { project: 1 }));
  });
});

describe("signRequest", () => {
  it("signs the bytes as the webhooks expect it", () => {
    expect(signRequest("{}", "secret")).toEqual({
      "content-type": "application/json",
      "x-commonwork-signature": sign("{}", "secret"),
    });
    expect(signRequest(Buffer.from("é"), "secret")["x-commonwork-signature"]).toBe(
      sign(Buffer.from("é"), "secret"),
    );
    expect(signRequest("{}", "secret", "application/x-ndjson")["content-type"]).toBe("application/x-ndjson");
  });
});

const SECRET = "the long secret of the host";

/** An outbox in memory. */
function outboxOf<Row extends { readonly id: unknown }>(rows: Row[]) {
  const rejected: [unknown, string][] = [];
  const remove = (id: unknown) =>
    rows.splice(
      rows.findIndex((row) => row.id === id),
      1,
    );
  return {
    rows,
    rejected,
    read: async (limit: number) => rows.slice(0, limit),
    settle: async (ids: readonly unknown[]) => {
      for (const id of ids) remove(id);
    },
    reject: async (id: unknown, reason: string) => {
      rejected.push([id, reason]);
      remove(id);
    },
  };
}

describe("emit and enqueue in a trace of the host", () => {
  it("apply it to the work they enqueue, and not to later transactions", async () => {
    const world = await createWorld();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const client = await world.db.pool.connect();
    const tx: Queryable = { query: (text, values) => client.query(text, [...values]) };
    const options = { schema: world.config.databaseSchema, traceparent };
    await client.query("begin");
    await emit(tx, { type: "invoice.paid", payload: { number: 7 }, id: "invoice-7" }, options);
    await enqueue(tx, "calculate-matches", {}, options);
    await client.query("commit");
    await emit(tx, { type: "invoice.paid" }, { schema: world.config.databaseSchema });
    client.release();
    expect(await world.query("select job, trace from outbox order by id")).toEqual([
      { job: "record-host-event", trace: traceparent },
      { job: "accept-host-request", trace: traceparent },
      { job: "record-host-event", trace: null },
    ]);
  });
});

describe("forwardOutbox", () => {
  it("sends everything, settles what was recorded and names what was rejected", async () => {
    const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
    const url = await serve(world);
    const user = await platform.user(world);
    const rows: OutboxRow[] = Array.from({ length: 230 }, (_, n) => ({
      id: BigInt(n + 1),
      event_type: n === 120 ? "commission.earned" : "cv.updated",
      payload: { user_id: user },
    }));
    const outbox = outboxOf(rows);
    expect(await forwardOutbox({ url, secret: SECRET, ...outbox })).toEqual({ recorded: 229, rejected: 1 });
    expect(outbox.rejected).toEqual([[121n, expect.stringContaining("event_type")]]);
    expect(outbox.rows).toEqual([]);
    expect(await world.query("select count(*)::int as n from domain_events")).toEqual([{ n: 229 }]);
    expect(await world.query("select count(*)::int as n from event_receipts")).toEqual([{ n: 229 }]);
  });

  it("leaves rows where they are when the service refuses the call", async () => {
    const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
    const url = await serve(world);
    const outbox = outboxOf([{ id: 1, event_type: "cv.updated", payload: { user_id: 1 } }]);
    await expect(forwardOutbox({ url, secret: "another", ...outbox })).rejects.toThrow(
      "the service answered 401",
    );
    expect(outbox.rows).toHaveLength(1);
  });
});

describe("sendRecords", () => {
  const user = (n: number, name = `User ${n}`): SentRecord => ({
    table: "users",
    host_id: n,
    version: BigInt(n),
    columns: { name, created_at: new Date("2026-03-09T02:00:00Z") },
  });

  it("is typed from the tables and columns that a host may write", () => {
    const record = <const R extends SentRecord>(given: R) => given;
    expect(record({ table: "messages", host_id: "m", version: 1, deleted: true }).table).toBe("messages");
    // @ts-expect-error: not a column that a host may write.
    void record({ table: "users", host_id: 1, version: 1, columns: { is_operator: true } });
    // @ts-expect-error: not a table of hosts.
    void record({ table: "ledger_entries", host_id: 1, version: 1, columns: {} });
  });

  it("sends any number of records within the limits of a call, and returns the outcome of each", async () => {
    const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
    const url = await serve(world);
    const sizes: [number, number][] = [];
    const counting: typeof fetch = (input, init) => {
      const body = init?.body as string;
      sizes.push([body.split("\n").length, Buffer.byteLength(body)]);
      return fetch(input, init);
    };
    const small = Array.from({ length: 1_200 }, (_, n) => user(n + 1));
    const large = Array.from({ length: 5 }, (_, n) => user(n + 2_000, "é".repeat(700_000)));
    const unknown: SentRecord = {
      table: "messages",
      host_id: "m",
      version: 1,
      columns: { thread_id: "t", sender_id: 1n, body: "Hello" },
    };
    const answers = await sendRecords([...small, ...large, unknown], {
      url,
      secret: SECRET,
      fetch: counting,
    });
    expect(answers.slice(0, -1).map(({ status }) => status)).toEqual(Array(1_205).fill("stored"));
    expect(answers.at(-1)).toMatchObject({
      status: "waiting",
      waits_for: { table: "chat_threads", host_id: "t" },
    });
    expect(sizes.map(([lines]) => lines)).toEqual([1_000, 202, 2, 2]);
    for (const [, bytes] of sizes) expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(await world.query("select count(*)::int as n from users where host_id is not null")).toEqual([
      { n: 1_205 },
    ]);
    await expect(sendRecords([user(1)], { url, secret: "another" })).rejects.toThrow(
      "the service answered 401",
    );
  });

  it("forwardRecords settles accepted records, and names rejected ones", async () => {
    const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
    const url = await serve(world);
    const rows: RecordOutboxRow[] = [
      { id: 1, record: user(7) },
      { id: 2, record: user(7) },
      { id: 3, record: user(7, "Other") },
      { id: 4, record: { table: "messages", host_id: "m", version: 1, columns: { body: "Hello" } } },
      { id: 5, record: { table: "users", host_id: 8, version: 8, deleted: true } },
    ];
    const outbox = outboxOf(rows);
    expect(await forwardRecords({ url, secret: SECRET, ...outbox })).toEqual({ recorded: 3, rejected: 2 });
    expect(outbox.rejected).toEqual([
      [3, "the version was already stored with different values"],
      [4, expect.stringContaining("columns.thread_id is required")],
    ]);
    expect(outbox.rows).toEqual([]);
  });
});
