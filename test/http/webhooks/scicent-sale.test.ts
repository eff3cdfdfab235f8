import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../../src/db/client.ts";
import { eventually } from "../../support/eventually.ts";
import { createWorld, type World } from "../../support/world.ts";
import { type CallOptions, callWebhook, SALE_PATH, saleBody, serve, sign } from "../support.ts";

const AT = "2026-03-08T02:00:00Z";
const OLD_SECRET = "the old secret of the seller";

/** What a rejected call must not change; only `rejected` rows may be added to the inbox. */
async function traces(world: World) {
  const [counts] = await world.query<Record<string, number>>(
    `select (select count(*)::int from token_sales) as sales, (select count(*)::int from outbox) as entries,
            (select count(*)::int from ledger_transactions) as movements,
            (select count(*)::int from inbox where outcome <> 'rejected') as taken,
            (select count(*)::int from inbox where outcome = 'rejected') as rejected`,
  );
  return counts;
}

const NOTHING = { sales: 0, entries: 0, movements: 0, taken: 0, rejected: 0 };

describe("accepted calls", () => {
  test("202 if new, 200 for the same values with the first receipt, 409 for others without a change", async () => {
    const world = await createWorld({ at: AT });
    const address = await serve(world);
    const first = await callWebhook(address, saleBody());
    expect(first).toMatchObject({ status: 202, body: { status: "accepted", receipt: expect.any(String) } });
    const again = await callWebhook(address, saleBody());
    expect(again).toMatchObject({ status: 200, body: { ...first.body, status: "duplicate" } });
    const reordered = await callWebhook(
      address,
      '{"transaction_id":"t_1","amount":1.005e2,"user_id":1,"currency":"SCICENT"}',
    );
    expect(reordered).toMatchObject({ status: 200, body: { status: "duplicate" } });
    const altered = await callWebhook(address, saleBody({ amount: "100.51" }));
    expect(altered).toMatchObject({
      status: 409,
      body: { status: "conflict", receipt: first.body.receipt, error: { code: "conflict" } },
    });
    expect(await traces(world)).toEqual({ ...NOTHING, sales: 1, entries: 1, taken: 4 });
    const [sale] = await world.query("select amount_micro, buyer_user_id, sold_at from token_sales");
    expect(sale).toEqual({ amount_micro: "100500000", buyer_user_id: "1", sold_at: new Date(AT) });
    const counted = await world.metrics.webhookCalls.get();
    expect(counted.values.map(({ labels, value }) => [labels.status, value])).toEqual([
      ["accepted", 1],
      ["duplicate", 2],
      ["conflict", 1],
    ]);
  });

  test("the inbox stores the bytes, the signature and the fingerprint of the secret", async () => {
    const world = await createWorld({
      environment: { SCICENT_WEBHOOK_SECRET: `the new secret of the seller, ${OLD_SECRET}` },
    });
    const address = await serve(world);
    const body = saleBody();
    await callWebhook(address, body, {
      headers: { "X-Scicent-Signature": sign(body, OLD_SECRET).toUpperCase() },
    });
    const [row] = await world.query<{ raw: Buffer; signature: string; secret_id: string }>(
      "select * from inbox",
    );
    expect(row?.raw.toString()).toBe(body);
    expect(row?.signature).toBe(sign(body, OLD_SECRET).toUpperCase());
    expect(row?.secret_id).toMatch(/^[0-9a-f]{8}$/);
  });

  test("a hundred concurrent calls are committed in groups and answered individually", async () => {
    const world = await createWorld();
    const address = await serve(world);
    const bodies = Array.from({ length: 100 }, (_, i) => saleBody({ transaction_id: `"t_${i % 80}"` }));
    const answers = await Promise.all(bodies.map((body) => callWebhook(address, body)));
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(80);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(20);
    const { values } = await world.metrics.groupSize.get();
    expect(values.find((value) => value.metricName?.endsWith("_count"))?.value).toBeLessThan(60);
  });

  test("both paths are the same webhook", async () => {
    const world = await createWorld();
    const address = await serve(world);
    expect(await callWebhook(address, saleBody(), { path: "/webhooks/scicent_sale" })).toMatchObject({
      status: 202,
    });
    expect(await callWebhook(address, saleBody())).toMatchObject({ status: 200 });
  });

  test("Redis down: still 202", async () => {
    const world = await createWorld({ redisUrl: "redis://127.0.0.1:1" });
    const address = await serve(world);
    expect(await callWebhook(address, saleBody())).toMatchObject({ status: 202 });
    expect(await traces(world)).toMatchObject({ sales: 1, entries: 1 });
  });
});

describe("invalid calls change nothing", () => {
  const body = saleBody();
  const signature = (value: string | null): CallOptions => ({ headers: { "X-Scicent-Signature": value } });
  const zipped = gzipSync(body);
  const refused: [string, number, string, string | Buffer, CallOptions][] = [
    ["no signature", 401, "bad-signature", body, signature(null)],
    ["empty signature", 401, "bad-signature", body, signature("")],
    ["short signature", 401, "bad-signature", body, signature(sign(body).slice(0, -2))],
    ["wrong signature", 401, "bad-signature", body, signature(sign(body, "wrong"))],
    ["signature without prefix", 401, "bad-signature", body, signature(sign(body).slice(7))],
    ["signature over other bytes", 401, "bad-signature", body, signature(sign(`${body} `))],
    ["signature that is not hex", 401, "bad-signature", body, signature(`sha256=${"zz".repeat(32)}`)],
    ["unsigned and not JSON", 401, "bad-signature", "hello", signature(null)],
    ["no body at all, unsigned", 401, "bad-signature", "", signature(null)],
    ["no Content-Type", 415, "not-json", body, { headers: { "Content-Type": null } }],
    ["other Content-Type", 415, "not-json", body, { headers: { "Content-Type": "text/plain" } }],
    [
      "JSON in Latin-1",
      415,
      "not-json",
      body,
      { headers: { "Content-Type": "application/json; charset=latin1" } },
    ],
    ["gzip", 415, "encoded", zipped, { headers: { "Content-Encoding": "gzip" } }],
    ["64 KB + 1", 413, "too-large", Buffer.alloc(65_537, " "), {}],
    [
      "64 KB + 1 and gzip",
      413,
      "too-large",
      Buffer.alloc(65_537, " "),
      { headers: { "Content-Encoding": "gzip" } },
    ],
    ["GET", 405, "method-not-allowed", body, { method: "GET" }],
    ["PUT", 405, "method-not-allowed", body, { method: "PUT" }],
    ["DELETE", 405, "method-not-allowed", body, { method: "DELETE" }],
    ["OPTIONS", 405, "method-not-allowed", body, { method: "OPTIONS" }],
    [
      "PUT, unsigned, 64 KB + 1",
      405,
      "method-not-allowed",
      Buffer.alloc(65_537),
      { method: "PUT", ...signature(null) },
    ],
    ["other path", 404, "not-found", body, { path: "/webhooks/other" }],
  ];

  test("each refused call is answered with its status and code, and leaves no trace", async () => {
    const world = await createWorld();
    const address = await serve(world);
    for (const [name, status, code, sent, options] of refused) {
      const answer = await callWebhook(address, sent, options);
      expect(answer, name).toMatchObject({
        status,
        body: { error: { code, message: expect.stringMatching(/\w+ \w+/) } },
      });
      if (status === 405) expect(answer.headers.get("allow"), name).toBe("POST");
      expect(await traces(world), name).toEqual(NOTHING);
    }
    // The sale itself is still new.
    expect(await callWebhook(address, body)).toMatchObject({ status: 202 });
  });

  const wrong = (
    field: string,
    value: string | null,
    fault: RegExp,
  ): [string, string | Buffer, string, RegExp] => [
    `${field} ${value === null ? "missing" : value.slice(0, 30)}`,
    saleBody({ [field]: value }),
    field,
    fault,
  ];
  const faulty: [string, string | Buffer, string, RegExp][] = [
    ["empty body", "", "body", /empty/],
    ["not JSON", "user_id=1&amount=2", "body", /not JSON/],
    ["NaN", saleBody({ amount: "NaN" }), "body", /not JSON/],
    ["a list", `[${body}]`, "body", /not a JSON object/],
    ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), "body", /UTF-8/],
    ["duplicate keys", body.replace("}", ', "amount": 1}'), "body", /duplicate key "amount"/],
    [
      "duplicate keys of one value",
      body.replace("}", ', "amount": 100.50}'),
      "body",
      /has the duplicate key/,
    ],
    ["64 KB exactly", `${body}${" ".repeat(65_536 - body.length - 1)}x`, "body", /not JSON/],
    wrong("amount", '"100.50"', /JSON number/),
    wrong("amount", "0", /above 0/),
    wrong("amount", "-5", /above 0/),
    wrong("amount", "1e400", /digits/),
    wrong("amount", "1.0000001", /6 decimals/),
    wrong("amount", "1234567890.123456", /15 digits/),
    wrong("amount", null, /missing/),
    wrong("user_id", "0", /whole number/),
    wrong("user_id", "1.5", /whole number/),
    wrong("user_id", "9007199254740992", /whole number/),
    wrong("user_id", null, /missing/),
    wrong("transaction_id", null, /missing/),
    wrong("transaction_id", `"${"x".repeat(300)}"`, /255/),
    wrong("transaction_id", '"a\\u0000b"', /control/),
    wrong("transaction_id", '"a\\nb"', /control/),
    wrong("currency", '"USD"', /SCICENT/),
    wrong("timestamp", '"2026-03-08T02:05:01Z"', /future/),
    wrong("timestamp", '"yesterday"', /ISO 8601/),
  ];

  test("each faulty sale is answered with 422 and its fault, and stored as rejected", async () => {
    const world = await createWorld({ at: AT });
    const address = await serve(world);
    for (const [index, [name, sent, field, fault]] of faulty.entries()) {
      const answer = await callWebhook(address, sent);
      const faults = [{ field, fault: expect.stringMatching(fault) }];
      expect(answer, name).toMatchObject({ status: 422, body: { error: { code: "bad-sale", faults } } });
      expect(await traces(world), name).toEqual({ ...NOTHING, rejected: index + 1 });
      const [row] = await world.query("select external_id, raw, faults from inbox order by id desc limit 1");
      expect(row, name).toMatchObject({ external_id: null, raw: Buffer.from(sent), faults });
    }
    // The corrected sale is accepted under the same key.
    expect(await callWebhook(address, body)).toMatchObject({ status: 202 });
  });

  test("defect 12: unsigned calls are rejected in development too", async () => {
    const world = await createWorld({ environment: { NODE_ENV: "development" } });
    const address = await serve(world);
    expect(await callWebhook(address, body, signature(null))).toMatchObject({ status: 401 });
  });

  test("503 without a configured secret: unsigned calls are never accepted", async () => {
    const world = await createWorld({ environment: { SCICENT_WEBHOOK_SECRET: "" } });
    const address = await serve(world);
    const answer = await callWebhook(address, body, signature(sign(body, "")));
    expect(answer).toMatchObject({ status: 503, body: { error: { code: "not-configured" } } });
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(await traces(world)).toEqual(NOTHING);
  });

  test("a chunked body of 64 KB + 1 is rejected", async () => {
    const world = await createWorld();
    const address = await serve(world);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.alloc(65_537, " "));
        controller.close();
      },
    });
    const response = await fetch(`${address}${SALE_PATH}`, {
      method: "POST",
      headers: { "X-Scicent-Signature": sign("") },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(response.status).toBe(413);
  });

  test("Postgres down: 503 with Retry-After", async () => {
    const world = await createWorld();
    const db = openDatabase({ ...world.config, databaseUrl: "postgres://nobody@127.0.0.1:1/nothing" });
    world.closing(() => db.close());
    const address = await serve(world, { db });
    for (const sent of [body, "not JSON"]) {
      const answer = await callWebhook(address, sent);
      expect(answer).toMatchObject({ status: 503, body: { error: { code: "unavailable" } } });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });
});

describe("limits", () => {
  const few = { WEBHOOK_ADDRESS_BURST: "5", WEBHOOK_ADDRESS_PER_SECOND: "1" };
  const unsigned: CallOptions = { headers: { "X-Scicent-Signature": null } };
  const forged: CallOptions = { headers: { "X-Scicent-Signature": sign("another body") } };
  /** Until Redis is connected, each process counts for itself. */
  const connected = (world: World) => eventually(() => expect(world.producers.ready()).toBe(true));

  test.each([
    ["with Redis", {}],
    ["also when Redis is down", { redisUrl: "redis://127.0.0.1:1" }],
  ])("429 with Retry-After, %s", async (_, options) => {
    const world = await createWorld({ ...options, environment: few });
    if (!("redisUrl" in options)) await connected(world);
    const address = await serve(world);
    const sales = [1, 2, 3, 4, 5, 6].map((n) => saleBody({ transaction_id: `"t_${n}"` }));
    const statuses: number[] = [];
    for (const sale of sales) statuses.push((await callWebhook(address, sale)).status);
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
    const answer = await callWebhook(address, saleBody());
    expect(answer).toMatchObject({ status: 429, body: { error: { code: "too-many-requests" } } });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(5);
    expect(await traces(world)).toMatchObject({ sales: 5, rejected: 0 });
  });

  test("two processes share one limit", async () => {
    const world = await createWorld({ environment: few });
    await connected(world);
    const addresses = [await serve(world), await serve(world)];
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++)
      statuses.push((await callWebhook(addresses[n % 2] as string, saleBody())).status);
    expect(statuses).toEqual([202, 200, 200, 200, 200, 429]);
  });

  test("calls without a valid signature have a budget of their own", async () => {
    const world = await createWorld({ environment: few });
    await connected(world);
    const address = await serve(world);
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++)
      statuses.push((await callWebhook(address, `${n}`, n % 2 ? unsigned : forged)).status);
    expect(statuses).toEqual([...Array(20).fill(401), ...Array(5).fill(429)]);
    expect(await callWebhook(address, saleBody())).toMatchObject({ status: 202 });
  });

  test("the source has its own limit, which unsigned calls do not use up", async () => {
    const world = await createWorld({ environment: { WEBHOOK_SOURCE_PER_SECOND: "1" } });
    await connected(world);
    const address = await serve(world);
    for (let n = 0; n < 4; n++) await callWebhook(address, "x", unsigned);
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) statuses.push((await callWebhook(address, saleBody())).status);
    expect(statuses).toEqual([202, 200, 429]);
  });
});

test("health returns status, timestamp and version", async () => {
  const world = await createWorld({ at: AT });
  const address = await serve(world);
  const answer = await callWebhook(address, "", {
    method: "GET",
    path: "/volunteer_scheduler/webhooks/health",
  });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      status: "ok",
      timestamp: new Date(AT).toISOString(),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    },
  });
});
