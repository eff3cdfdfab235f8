import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { recordUnreadNudges } from "../../src/nudges/record-unread.ts";
import { readUnreadFacts } from "../../src/nudges/unread-facts.ts";
import { decideUnreadNudge, UNREAD_NUDGE_POLICY } from "../../src/scoring/notifications/unread-nudge.ts";
import { emitted } from "../support/nudges.ts";
import { message, thread, users } from "../support/platform.ts";
import { recordStatements, rowsRead } from "../support/statements.ts";
import { createWorld } from "../support/world.ts";

const WRITTEN = "2026-03-02T09:00:00Z";
const READERS = 10;

/** A thread with a message, and readers who have read nothing. */
async function openThread() {
  const world = await createWorld({ at: "2026-03-02T13:00:00Z" });
  const [writer, ...readers] = (await users(world, READERS + 1)) as [string, ...string[]];
  const threadId = await thread(world, { participants: [writer, ...readers] });
  await world.query("update chat_thread_participants set joined_at = $1", [WRITTEN]);
  const messageId = await message(world, { threadId, senderId: writer, createdAt: WRITTEN });
  const range = { kind: "watches", users: readers, threads: readers.map(() => threadId) } as const;
  const read = () => inTransaction(world.db, (tx) => readUnreadFacts(tx, range));
  return { world, writer, readers, threadId, messageId, range, read };
}

describe("readUnreadFacts", () => {
  it("issue 14: reads a few messages of a busy thread, however many there are since the second nudge", async () => {
    const { world, writer, readers, threadId, messageId, read } = await openThread();
    await world.query(
      `insert into unread_nudges (user_id, thread_id, oldest_unread_id, step, nudged_at)
       select u, $2, $3, step, $4::timestamptz + step * interval '1 minute' from unnest($1::bigint[]) u, generate_series(1, 2) step`,
      [readers, threadId, messageId, WRITTEN],
    );
    const write = (from: number, to: number) =>
      world.query(
        `insert into messages (thread_id, sender_id, body, created_at)
         select $1, $2, 'Busy', $3::timestamptz + n * interval '1 minute' from generate_series($4::int, $5::int) n`,
        [threadId, writer, WRITTEN, from, to],
      );
    await write(1, 5_000);
    await world.query("analyze");
    const statements = await recordStatements(world, read);
    const [looked] = statements.filter(({ text }) => text.includes("unread_nudges"));
    expect(await rowsRead(world, looked!, "messages")).toBeLessThan(READERS * 10);
    expect((await read()).map(({ afterSilence }) => afterSilence)).toEqual(readers.map(() => null));
    // Twelve hours without a message.
    await write(5_720, 8_000);
    const silent = new Date(Date.parse(WRITTEN) + 5_720 * 60_000);
    expect((await read()).map(({ afterSilence }) => afterSilence?.at)).toEqual(readers.map(() => silent));
    expect(await rowsRead(world, looked!, "messages")).toBeLessThan(READERS * 10);
  });
});

describe("recordUnreadNudges", () => {
  it("faults 19: leaves out a message that was read between the decision and the nudge", async () => {
    const { world, readers, threadId, range } = await openThread();
    const now = world.clock.now();
    await inTransaction(world.db, async (tx) => {
      const decided = (await readUnreadFacts(tx, range)).map((participant) => ({
        participant,
        decision: decideUnreadNudge(participant, UNREAD_NUDGE_POLICY, now),
      }));
      await world.query("update chat_thread_participants set last_read_at = $1 where user_id <> $2", [
        WRITTEN,
        readers[0],
      ]);
      expect(await recordUnreadNudges(tx, decided, now)).toEqual({ nudged: 1, users: 1 });
    });
    expect((await emitted(world, "thread_unread_stale")).map(({ payload }) => payload)).toEqual([
      { user_id: readers[0], threads: [expect.objectContaining({ thread_id: threadId, unread: 1 })] },
    ]);
  });
});
