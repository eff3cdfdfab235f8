import { describe, expect, it } from "vitest";
import { createSaleIntake } from "../../src/intake/sales.ts";
import { verifyLedger } from "../../src/workers/maintenance/verify-ledger.ts";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import type { ReceivedSpan } from "../support/otlp-collector.ts";
import { ownRedis } from "../support/own-redis.ts";
import { receivedSale } from "../support/sales.ts";
import {
  EVENTS_SECRET,
  emitTraced,
  invitedUser,
  patientWorkers,
  referredBuyer,
  sellOnce,
  traceOfEvent,
  traceOfEventCall,
  traceOfSale,
  untilSettled,
} from "../support/trace-scenes.ts";
import { spanNames } from "../support/trace-tree.ts";
import { callerContext, tracedWorld } from "../support/traced-world.ts";

const SALE = [
  "webhook scicent",
  "  take sales",
  "    transaction",
  "  entry distribute-commission",
  "    carrier distribute-commission",
  "      settle together",
  "        transaction",
  "          entry notify-fan-out",
  "            carrier notify-fan-out",
  "              settle together",
  "                transaction",
];

const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan[] =>
  spans.filter((span) => span.name === name);

describe("the trace of a sale", () => {
  it("continues that of the seller from the webhook to the notification of the referrer", async () => {
    const { world, received } = await tracedWorld();
    const traceId = await traceOfSale(world);
    expect(await world.query("select title from notifications")).toHaveLength(1);
    const spans = await received(traceId);
    expect(spanNames(spans)).toEqual(SALE);
    expect(named(spans, "webhook scicent")[0]?.attributes).toEqual({
      "http.request.method": "POST",
      "http.response.status_code": 202,
    });
    expect(named(spans, "entry distribute-commission")[0]?.attributes).toMatchObject({
      "commonwork.attempt": 1,
    });
    expect(named(spans, "carrier distribute-commission")[0]?.attributes).toMatchObject({
      "messaging.system": "bullmq",
      "messaging.destination.name": "commissions",
      "commonwork.job": "distribute-commission",
      "commonwork.entries": 1,
      "commonwork.done": 1,
    });
  });

  it("goes on when Redis is wiped while the sale waits there", async () => {
    const redis = await ownRedis();
    const { world, received } = await tracedWorld({ redisUrl: redis.url });
    const buyer = await referredBuyer(world);
    const address = await serve(world);
    world.relay.start();
    const traceId = await sellOnce(address, buyer);
    const waiting = () => world.producers.queue("commissions").getJobCounts("prioritized");
    await eventually(async () => expect(await waiting()).toEqual({ prioritized: 1 }));
    await redis.flushAll();
    await untilSettled(world, await patientWorkers(world));
    // The entry may be given several carriers after a wipe: one settles it.
    const names = (await received(traceId)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["webhook scicent", "carrier notify-fan-out"]));
    expect(names.filter((name) => name === "entry notify-fan-out")).toHaveLength(1);
    expect(await world.query("select title from notifications")).toHaveLength(1);
  });

  it("is its own although a transaction and a carrier hold several sales, linked in both directions", async () => {
    const { world, tracing, received } = await tracedWorld();
    const buyer = await referredBuyer(world);
    const intake = createSaleIntake(world);
    const callers = [1, 2, 3].map((n) => callerContext(n));
    await Promise.all(
      callers.map(({ context }) =>
        tracing.inSpan({ name: "call", parent: context }, () =>
          intake.submit(receivedSale(world, { buyer })),
        ),
      ),
    );
    await untilSettled(world, await patientWorkers(world));
    const spans = await received();
    const entries = named(spans, "entry distribute-commission");
    expect(entries.map(({ traceId }) => traceId).sort()).toEqual(callers.map(({ traceId }) => traceId));
    const [carrier, ...otherCarriers] = named(spans, "carrier distribute-commission");
    expect(otherCarriers).toEqual([]);
    const [own, ...others] = [
      ...entries.filter(({ traceId }) => traceId === carrier?.traceId),
      ...entries.filter(({ traceId }) => traceId !== carrier?.traceId),
    ];
    expect(carrier?.parentSpanId).toBe(own?.spanId);
    expect(carrier?.links.map(({ spanId }) => spanId).sort()).toEqual(
      others.map(({ spanId }) => spanId).sort(),
    );
    expect(others.map(({ links }) => links.map(({ spanId }) => spanId))).toEqual([
      [carrier?.spanId],
      [carrier?.spanId],
    ]);
    const [taken] = named(spans, "take sales");
    expect(taken?.links).toHaveLength(2);
  });
});

describe("the trace of an event of a host", () => {
  it("continues that of the host's transaction to the e-mail that is sent", async () => {
    const { world, received } = await tracedWorld();
    const traceId = await traceOfEvent(world);
    expect(world.mailbox).toHaveLength(1);
    const spans = await received(traceId);
    expect(spanNames(spans)).toEqual([
      "entry record-host-event",
      "  carrier record-host-event",
      "    settle together",
      "      transaction",
      "        entry notify-fan-out",
      "          carrier notify-fan-out",
      "            settle together",
      "              transaction",
      "                entry email-instant",
      "                  carrier email-instant",
      "                    transaction",
      "                      entry send-emails",
      "                        carrier send-emails",
      "                          transaction",
      "                          call send-emails",
      "                          transaction",
    ]);
    const [mailing] = await world.query<{ trace: string }>("select trace from email_batches");
    expect(mailing?.trace).toContain(traceId);
  });

  it.each([null, "00-not-a-context"])("begins with its carrier if the host gives %j", async (context) => {
    const { world, received } = await tracedWorld();
    await invitedUser(world);
    const workers = await patientWorkers(world);
    await emitTraced(world, context);
    await untilSettled(world, workers);
    const spans = await received();
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === null).map(({ name }) => name)).toEqual([
      context === null ? "carrier record-host-event" : "entry record-host-event",
    ]);
    expect(spanNames(spans).at(-1)?.trim()).toBe("transaction");
  });
});

describe("the trace of an event that is sent to the webhook", () => {
  it("continues that of the caller to the e-mail that is sent", async () => {
    const { world, received } = await tracedWorld({
      environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: EVENTS_SECRET },
    });
    const traceId = await traceOfEventCall(world);
    expect(await world.query("select title from notifications")).toHaveLength(1);
    expect(world.mailbox).toHaveLength(1);
    const spans = await received();
    expect(spans.filter((span) => span.traceId !== traceId)).toEqual([]);
    expect(spanNames(spans)).toEqual([
      "webhook domain_events",
      "  transaction",
      "    entry notify-fan-out",
      "      carrier notify-fan-out",
      "        settle together",
      "          transaction",
      "            entry email-instant",
      "              carrier email-instant",
      "                transaction",
      "                  entry send-emails",
      "                    carrier send-emails",
      "                      transaction",
      "                      call send-emails",
      "                      transaction",
    ]);
    const [mailing] = await world.query<{ trace: string }>("select trace from email_batches");
    expect(mailing?.trace).toContain(traceId);
  });
});

describe("the trace of a run", () => {
  it("holds its ranges and its sum, and is stored with it", async () => {
    const { world, received } = await tracedWorld();
    const workers = await patientWorkers(world);
    const run = await enqueueRunIn(world, verifyLedger, {});
    await untilSettled(world, workers);
    const [stored] = await world.query<{ status: string; trace: string }>(
      "select status, trace from job_runs where id = $1",
      [run],
    );
    expect(stored?.status).toBe("done");
    const spans = await received();
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(stored?.trace).toContain(spans[0]?.traceId);
    const carriers = spans.filter(({ name }) => name.startsWith("carrier "));
    expect(new Set(carriers.map(({ name }) => name))).toEqual(
      new Set(["carrier verify-ledger", "carrier verify-ledger/range", "carrier verify-ledger/sum"]),
    );
    expect(new Set(carriers.map(({ attributes }) => attributes["commonwork.run"]))).toEqual(new Set([run]));
  });
});

describe("attributes", () => {
  it("are ids, counts and names of jobs: nothing of a payload, an address or a person", async () => {
    const { world, collector, tracing } = await tracedWorld();
    await traceOfSale(world);
    await invitedUser(world);
    const workers = await patientWorkers(world);
    await emitTraced(world, callerContext(2).context);
    await untilSettled(world, workers);
    await tracing.close();
    const allowed =
      /^(commonwork\.(job|carrier|entries|entry|attempt|run|waited_ms|callers|resent|done|skipped|duplicate|retry|dead|snoozed|interrupted|postponed)|db\.system\.name|messaging\.(system|destination\.name)|http\.(request\.method|response\.status_code)|error\.type)$/;
    const attributes = collector.spans.flatMap((span) => Object.keys(span.attributes));
    expect(attributes.length).toBeGreaterThan(20);
    expect(attributes.filter((name) => !allowed.test(name))).toEqual([]);
    // No word of hexadecimal digits, which a random id may contain.
    const sent = JSON.stringify(collector.spans);
    for (const secret of ["lovelace", "people.test", "100.5", "sale-1", "plans"])
      expect(sent).not.toContain(secret);
  });
});
