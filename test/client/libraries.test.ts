import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import knex from "knex";
import pg from "pg";
import postgres from "postgres";
import { describe, expect, it } from "vitest";
import { emit, enqueue, type Queryable, viaDrizzle, viaKnex, viaPostgresJs } from "../../src/client/index.ts";
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
});
