import { describe, expect, it } from "vitest";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { findRecipients } from "../../src/notifications/find-recipients.ts";
import { loadEvents, readEvents } from "../../src/notifications/read-events.ts";
import type { JobContext } from "../../src/queues/job.ts";
import { notify } from "../../src/workers/notifications/fan-out/notify.ts";
import { notifyFanOut } from "../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { settleUnreadCount } from "../../src/workers/notifications/fan-out/settle-unread-count.ts";
import { conversation } from "../support/conversation.ts";
import { eventually } from "../support/eventually.ts";
import { openTransaction } from "../support/open-transaction.ts";
import type { World } from "../support/world.ts";

/** Fans messages out in two steps, and calls `between` after their recipients were read. */
async function fanOut(world: World, tx: Tx, events: readonly string[], between: () => Promise<unknown>) {
  const { settings, log } = world;
  const now = world.clock.now();
  const { notifiable } = await readEvents(tx, await loadEvents(tx, events));
  const { recipients } = await findRecipients(tx, notifiable, { limit: 100, now });
  await between();
  const context = { tx, now, settings, log, remark: () => undefined } as unknown as JobContext;
  await notify(recipients, context);
}

/** Sessions that wait for a lock. */
const waiting = async (world: World): Promise<number> =>
  (
    await world.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
  ).length;

describe("faults 19: a participant who reads while a message is counted", () => {
  it("between the reading of the recipients and the counting, has nothing unread", async () => {
    const { world, reader, other, say, read, shown } = await conversation();
    const eventId = await say(1);
    await inTransaction(world.db, (tx) => fanOut(world, tx, [eventId], () => read(5, reader)));
    expect(await shown(reader)).toMatchObject([{ unread: false }]);
    expect(await shown(other)).toMatchObject([{ count: 1, unread: true }]);
    expect(await world.enqueued(settleUnreadCount)).toEqual([]);
  });

  it("between the counting and its commit, has nothing unread", async () => {
    const { world, reader, other, say, read, shown } = await conversation();
    const eventId = await say(1);
    let reading: Promise<unknown> = Promise.resolve();
    await inTransaction(world.db, async (tx) => {
      await fanOut(world, tx, [eventId], async () => undefined);
      reading = read(5, reader);
      await Promise.race([reading, eventually(async () => expect(await waiting(world)).toBe(1))]);
    });
    await reading;
    expect(await shown(reader)).toMatchObject([{ unread: false }]);
    expect(await shown(other)).toMatchObject([{ count: 1, unread: true }]);
  });

  it("in a transaction that stays open, has nothing unread once it has ended, and delays nobody", async () => {
    const { world, reader, other, threadId, say, shown } = await conversation();
    await say(1);
    const reading = await openTransaction(world);
    await reading.query(
      `update chat_thread_participants set last_read_at = '2026-03-02T10:05Z' where user_id = ${reader}`,
    );
    const entries = await world.enqueued(notifyFanOut);
    expect(
      await world.run(
        notifyFanOut,
        entries.map(({ id }) => id),
      ),
    ).toMatchObject({ done: 1 });
    expect(await shown(other)).toMatchObject([{ count: 1, unread: true }]);
    expect(await world.enqueued(settleUnreadCount)).toMatchObject([
      { payload: { userId: reader, threadId } },
    ]);
    await reading.end("commit");
    await world.drain();
    expect(await shown(reader)).toMatchObject([{ unread: false }]);
    expect(await shown(other)).toMatchObject([{ count: 1, unread: true }]);
  });

  it("in a transaction that is rolled back, still has it unread", async () => {
    const { world, reader, say, shown } = await conversation();
    await say(1);
    const reading = await openTransaction(world);
    await reading.query(
      `update chat_thread_participants set last_read_at = '2026-03-02T10:05Z' where user_id = ${reader}`,
    );
    const [entry] = await world.enqueued(notifyFanOut);
    await world.run(notifyFanOut, [entry!.id]);
    await reading.end("rollback");
    await world.drain();
    expect(await shown(reader)).toMatchObject([{ count: 1, unread: true }]);
  });

  it("past the first of two messages that are counted together, has one unread", async () => {
    const { world, reader, other, say, read, shown } = await conversation();
    const events = [await say(1), await say(2)];
    await inTransaction(world.db, (tx) => fanOut(world, tx, events, () => read(1, reader)));
    expect(await shown(reader)).toMatchObject([
      { title: "1 new message in Watering", count: 1, unread: true },
    ]);
    expect(await shown(other)).toMatchObject([{ title: "2 new messages in Watering", count: 2 }]);
  });
});
