import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import {
  acceptMessages,
  firstOfEachKey,
  type KeyedMessage,
  messageKey,
  recordRepeats,
  rejectMessage,
} from "../../src/db/inbox.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createWorld } from "../support/world.ts";

const RECEIVED = new Date("2026-03-01T10:00:00Z");

const message = (externalId: string, body = externalId): KeyedMessage => ({
  source: "shop",
  externalId,
  raw: Buffer.from(body),
  signature: "t=1,v1=abc",
  secretId: "0f0f",
  receivedAt: RECEIVED,
});

const withoutKey = ({ externalId: _, ...rest }: KeyedMessage) => rest;

it("accepts a key once, keeps the bytes, and points repeats to the message that holds it", async () => {
  const world = await createWorld();
  const first = await inTransaction(world.db, (tx) => acceptMessages(tx, [message("a"), message("b")]));
  expect([...first.keys()]).toEqual(["shop\na", "shop\nb"]);
  await inTransaction(world.db, async (tx) => {
    const again = await acceptMessages(tx, [message("b", "b2"), message("c")]);
    expect([...again.keys()]).toEqual(["shop\nc"]);
    const firstId = first.get("shop\nb") as string;
    await recordRepeats(tx, [{ message: message("b", "b2"), status: "conflict", firstId }]);
  });
  const stored = await world.query(
    `select external_id, outcome, first_id is not null as repeats, convert_from(raw, 'UTF8') as raw, encode(raw_hash, 'hex') as hash
       from inbox order by id`,
  );
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  expect(stored).toEqual([
    { external_id: "a", outcome: "accepted", repeats: false, raw: "a", hash: hash("a") },
    { external_id: "b", outcome: "accepted", repeats: false, raw: "b", hash: hash("b") },
    { external_id: "c", outcome: "accepted", repeats: false, raw: "c", hash: hash("c") },
    { external_id: null, outcome: "conflict", repeats: true, raw: "b2", hash: hash("b2") },
  ]);
});

it("accepts a corrected message after a rejected one", async () => {
  const world = await createWorld();
  await rejectMessage(world.db.drizzle, { ...withoutKey(message("a", "?")), faults: [{ field: "body" }] });
  const accepted = await inTransaction(world.db, (tx) => acceptMessages(tx, [message("a")]));
  expect(accepted.size).toBe(1);
  expect(await world.query("select outcome, faults from inbox order by id")).toEqual([
    { outcome: "rejected", faults: [{ field: "body" }] },
    { outcome: "accepted", faults: null },
  ]);
});

it("sorts by key, so that two groups lock the same keys in the same order", () => {
  const given = [message("b"), message("a"), message("b", "again"), message("c")];
  expect(firstOfEachKey(given).map(messageKey)).toEqual(["shop\na", "shop\nb", "shop\nc"]);
  expect(firstOfEachKey(given)[1]).toBe(given[0]);
});

it("keeps the body of a rejected message once, however often it is repeated", async () => {
  const world = await createWorld();
  const rejected = (body: string, source = "shop") =>
    rejectMessage(world.db.drizzle, {
      ...withoutKey(message("a", body)),
      source,
      faults: [{ field: "body" }],
    });
  for (const body of ["?", "?", "!", "?"]) await rejected(body);
  await rejected("?", "other");
  expect(
    await world.query(
      `select r.source, convert_from(r.raw, 'UTF8') as raw, convert_from(f.raw, 'UTF8') as "repeats", r.faults is not null as explained
       from inbox r left join inbox f on f.id = r.first_id order by r.id`,
    ),
  ).toEqual([
    { source: "shop", raw: "?", repeats: null, explained: true },
    { source: "shop", raw: null, repeats: "?", explained: true },
    { source: "shop", raw: "!", repeats: null, explained: true },
    { source: "shop", raw: null, repeats: "?", explained: true },
    { source: "other", raw: "?", repeats: null, explained: true },
  ]);
});
