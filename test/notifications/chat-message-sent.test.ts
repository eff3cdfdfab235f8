import { describe, expect, it } from "vitest";
import { conversation } from "../support/conversation.ts";
import { decided } from "../support/notified.ts";

describe("chat_message_sent", () => {
  it("faults 19: is not shown to a participant who has read past the message", async () => {
    const { world, reader, other, say, read, shown } = await conversation();
    const eventId = await say(1);
    await read(5);
    await world.drain();
    expect(await decided(world, eventId)).toEqual([
      `${reader} in_app skipped read-meanwhile`,
      `${other} in_app now`,
    ]);
    expect(await shown()).toEqual([]);
  });

  it("faults 19: reading the whole thread marks its counting notification as read", async () => {
    const { world, other, say, read, shown } = await conversation();
    for (const minute of [1, 2, 3]) await say(minute);
    await world.drain();
    expect(await shown()).toEqual([{ title: "3 new messages in Watering", count: 3, unread: true }]);
    await read(3);
    expect(await shown()).toMatchObject([{ unread: false }]);
    expect(await shown(other)).toMatchObject([{ count: 3, unread: true }]);
    await say(9);
    await world.drain();
    expect(await shown()).toMatchObject([
      { unread: false },
      { title: "1 new message in Watering", count: 1, unread: true },
    ]);
  });

  it("faults 19: reading a part of it lowers the count to what is unread", async () => {
    const { world, reader, say, read, shown } = await conversation();
    for (const minute of [1, 2, 3]) await say(minute);
    await say(4, `@[User](user:${reader}) Look!`);
    await world.drain();
    await read(1);
    expect((await shown())[0]).toEqual({ title: "2 new messages in Watering", count: 2, unread: true });
    await read(2);
    expect((await shown())[0]).toEqual({ title: "1 new message in Watering", count: 1, unread: true });
    await say(6);
    await world.drain();
    expect((await shown())[0]).toEqual({ title: "2 new messages in Watering", count: 2, unread: true });
    // Marking the thread as unread again shows nothing anew.
    await read(0);
    expect((await shown())[0]).toEqual({ title: "2 new messages in Watering", count: 2, unread: true });
  });

  it("faults 19: a message that was written after the reading does not keep the notification unread", async () => {
    const { world, other, say, read, shown } = await conversation();
    for (const minute of [1, 2, 3]) await say(minute);
    await world.drain();
    await say(4);
    await read(3);
    expect(await shown()).toMatchObject([{ unread: false }]);
    await read(2, other);
    expect(await shown(other)).toMatchObject([{ title: "1 new message in Watering", count: 1 }]);
    await world.drain();
    expect(await shown()).toMatchObject([
      { unread: false },
      { title: "1 new message in Watering", count: 1, unread: true },
    ]);
    expect(await shown(other)).toMatchObject([{ title: "2 new messages in Watering", count: 2 }]);
  });

  it("a mentioned participant gets a notification of their own, however many are in the thread", async () => {
    const { world, reader, say, shown, other } = await conversation();
    await say(1, `@[User](user:${reader}) and @[Nobody](user:999) look!`);
    await world.drain();
    expect(await shown()).toEqual([{ title: "User 1 mentioned you in Watering", count: 1, unread: true }]);
    expect(await shown(other)).toMatchObject([{ title: "1 new message in Watering" }]);
  });

  it("a mention has the host's id, of whatever form, and nobody else with that number is mentioned", async () => {
    const { world, reader, other, say, shown } = await conversation();
    await world.query("update users set host_id = 'reader-1' where id = $1", [reader]);
    await world.query("update users set host_id = $1 where id = $2", [reader, other]);
    await say(1, "@[Reader](user:reader-1) look!");
    await say(2, `@[Other](user:${reader}) look!`);
    await world.drain();
    for (const userId of [reader, other])
      expect((await shown(userId)).map(({ title }) => title).sort()).toEqual([
        "1 new message in Watering",
        "User 1 mentioned you in Watering",
      ]);
  });
});
