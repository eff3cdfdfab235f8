import * as platform from "./platform.ts";
import { createWorld } from "./world.ts";

/** A writer and two readers in a thread. */
export async function conversation() {
  const world = await createWorld();
  const [writer, reader, other] = (await platform.users(world, 3)) as [string, string, string];
  const threadId = await platform.thread(world, { participants: [writer, reader, other] });
  /** Writes a message at a minute after ten. */
  const say = async (minute: number, body?: string) => {
    const messageId = await platform.message(world, {
      threadId,
      senderId: writer,
      createdAt: atMinute(minute),
      ...(body ? { body } : {}),
    });
    return platform.hostEvent(world, "chat_message_sent", {
      threadId,
      actorId: writer,
      payload: { message_id: messageId },
    });
  };
  const read = (minute: number, userId = reader) =>
    world.query("update chat_thread_participants set last_read_at = $1 where user_id = $2", [
      atMinute(minute),
      userId,
    ]);
  const shown = (userId = reader) =>
    world.query<{ title: string; count: number; unread: boolean }>(
      "select title, count, read_at is null as unread from notifications where user_id = $1 order by id",
      [userId],
    );
  return { world, writer, reader, other, threadId, say, read, shown };
}

/** An instant on the day of the conversation. */
export const atMinute = (minute: number) => new Date(Date.UTC(2026, 2, 2, 10, minute)).toISOString();
