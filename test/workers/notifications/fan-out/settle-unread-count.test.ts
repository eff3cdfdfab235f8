import { describe, expect, it } from "vitest";
import { settleUnreadCount } from "../../../../src/workers/notifications/fan-out/settle-unread-count.ts";
import { conversation } from "../../../support/conversation.ts";
import { openTransaction } from "../../../support/open-transaction.ts";

describe("settle-unread-count", () => {
  it("settles the count of the participant, and of nobody else", async () => {
    const { world, reader, other, threadId, say, read, shown } = await conversation();
    for (const minute of [1, 2, 3]) await say(minute);
    await world.drain();
    await world.query("alter table chat_thread_participants disable trigger user");
    for (const userId of [reader, other]) await read(2, userId);
    expect(await world.perform(settleUnreadCount, { threadId, userId: reader })).toMatchObject({ done: 1 });
    expect(await shown(reader)).toMatchObject([
      { title: "1 new message in Watering", count: 1, unread: true },
    ]);
    expect(await shown(other)).toMatchObject([{ count: 3, unread: true }]);
  });

  it("waits for a participant who is reading, without using an attempt", async () => {
    const { world, reader, threadId } = await conversation();
    const reading = await openTransaction(world);
    await reading.query(`update chat_thread_participants set last_read_at = now() where user_id = ${reader}`);
    expect(await world.perform(settleUnreadCount, { threadId, userId: reader })).toMatchObject({
      snoozed: 1,
    });
    expect(await world.enqueued(settleUnreadCount)).toMatchObject([{ attempts: 0 }]);
    await reading.end("rollback");
  });

  it("skips one who has left the thread", async () => {
    const { world, reader, threadId } = await conversation();
    await world.query("delete from chat_thread_participants where user_id = $1", [reader]);
    expect(await world.perform(settleUnreadCount, { threadId, userId: reader })).toMatchObject({
      skipped: 1,
    });
  });
});
