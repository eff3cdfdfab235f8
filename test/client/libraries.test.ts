import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import knex from "knex";
import pg from "pg";
import postgres from "postgres";
import { describe, expect, it } from "vitest";
import {
  type EngagementOutcome,
  emit,
  enqueue,
  type Queryable,
  recordEngagement,
  viaDrizzle,
  viaKnex,
  viaPostgresJs,
  viaPrisma,
} from "../../src/client/index.ts";
import { hoursAgo, member, post } from "../support/feeds.ts";
import { prismaClient } from "../support/prisma.ts";
import { createWorld, type World } from "../support/world.ts";

/** Runs work in a transaction of a library, as a host has it. */
type Transact = (url: string, work: (tx: Queryable) => Promise<void>) => Promise<void>;

const LIBRARIES: Readonly<Record<string, Transact>> = {
  async pg(url, work) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query("begin");
      await work(client);
      await client.query("commit");
    } finally {
      await client.end();
    }
  },
  async Drizzle(url, work) {
    const pool = new pg.Pool({ connectionString: url });
    await drizzle(pool)
      .transaction((tx) => work(viaDrizzle(tx, sql)))
      .finally(() => pool.end());
  },
  async Knex(url, work) {
    const db = knex({ client: "pg", connection: url });
    await db.transaction((trx) => work(viaKnex(trx))).finally(() => db.destroy());
  },
  async "postgres.js"(url, work) {
    const db = postgres(url, { max: 1 });
    await db.begin((tx) => work(viaPostgresJs(tx))).finally(() => db.end());
  },
  async Prisma(url, work) {
    const prisma = prismaClient(url);
    await prisma.$transaction((tx) => work(viaPrisma(tx))).finally(() => prisma.$disconnect());
  },
};

const entries = async (world: World) => (await world.enqueued()).map(({ payload }) => payload);

describe.each(Object.entries(LIBRARIES))("with %s", (_, transact) => {
  it("events and requests are part of the host's transaction", async () => {
    const world = await createWorld();
    const { databaseUrl, databaseSchema: schema } = world.config;
    await transact(databaseUrl, async (tx) => {
      await emit(
        tx,
        {
          type: "chat_message_sent",
          payload: { message_id: 9_007_199_254_740_993n },
          actor: "3f2c",
          thread: 7,
          occurredAt: new Date("2026-06-01T10:00:00Z"),
          id: "message-9",
        },
        { schema },
      );
      await emit(tx, { type: "invoice.paid", payload: { note: "it's $1 and ?" } }, { schema });
      await enqueue(tx, "place-volunteer", { volunteerId: 12 }, { schema });
    });
    const failed = transact(databaseUrl, async (tx) => {
      await enqueue(tx, "calculate-matches", {}, { schema });
      throw new Error("the host changed its mind");
    });
    await expect(failed).rejects.toThrow("the host changed its mind");
    expect(await entries(world)).toEqual([
      {
        event: {
          type: "chat_message_sent",
          payload: { message_id: "9007199254740993" },
          actor: "3f2c",
          thread: "7",
          occurredAt: "2026-06-01T10:00:00Z",
          id: "message-9",
        },
      },
      { event: { type: "invoice.paid", payload: { note: "it's $1 and ?" }, occurredAt: expect.any(String) } },
      { job: "place-volunteer", payload: { volunteerId: 12 }, requestedBy: expect.any(String) },
    ]);
  });

  it("engagement is recorded in the host's transaction, with an outcome for each event", async () => {
    const world = await createWorld();
    const { databaseUrl, databaseSchema: schema } = world.config;
    const ada = await member(world, { host_id: "ada" });
    await post(world, ada, { host_id: "hello" });
    const like = {
      id: 7n,
      user: "ada",
      post: "hello",
      kind: "like",
      occurredAt: hoursAgo(world, 1),
    } as const;
    let outcomes: readonly EngagementOutcome[] = [];
    await transact(databaseUrl, async (tx) => {
      outcomes = await recordEngagement(
        tx,
        [
          like,
          { ...like, takenBackAt: hoursAgo(world, 0.5) },
          { id: "view", user: "ada", otherUser: "eve", kind: "profile_view", occurredAt: hoursAgo(world, 1) },
        ],
        { schema },
      );
    });
    expect(outcomes).toEqual(["recorded", "taken_back", "unknown_target"]);
    const failed = transact(databaseUrl, async (tx) => {
      await recordEngagement(tx, [{ ...like, id: 8 }], { schema });
      throw new Error("the host changed its mind");
    });
    await expect(failed).rejects.toThrow("the host changed its mind");
    expect(await world.query("select host_id from engagement_events")).toEqual([{ host_id: "7" }]);
  });
});
