import { describe, expect, it } from "vitest";
import { unreadThreadNudges } from "../../../../src/workers/notifications/nudges/unread-thread-nudges.ts";
import { countQueries } from "../../../support/count-queries.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { performRanged } from "../../../support/jobs.ts";
import { emitted, minutesAfter } from "../../../support/nudges.ts";
import { message, prefer, thread, users } from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

const WRITTEN = "2026-03-10T09:00:00Z";
const hours = (n: number) => minutesAfter(WRITTEN, n * 60);

/** A thread with a reader and a writer, who wrote at WRITTEN. */
async function scene(options: { environment?: Record<string, string> } = {}) {
  const world = await createWorld({ at: hours(3), ...options });
  const [reader, writer] = (await users(world, 2)) as [string, string];
  const threadId = await thread(world, { participants: [reader, writer] });
  await world.query("update chat_thread_participants set joined_at = $1", [hours(-1_000)]);
  const say = (at: string, senderId = writer) => message(world, { threadId, senderId, createdAt: at });
  const messageId = await say(WRITTEN);
  const read = (at: string | null) =>
    world.query("update chat_thread_participants set last_read_at = $1 where user_id = $2", [at, reader]);
  return { world, reader, writer, threadId, messageId, say, read };
}

const run = (world: World, at?: string) => {
  if (at) world.at(at);
  return performRanged(world, unreadThreadNudges, {});
};

async function everyQuarter(world: World, from: number, until: number): Promise<void> {
  for (let hour = from; hour <= until; hour += 0.25) await run(world, hours(hour));
}

type NudgedThread = { thread_id: string; unread: number; oldest_unread_id: string; step: number };

/** The user, hours after WRITTEN, and threads of each nudge. */
const nudged = async (world: World) =>
  (await emitted(world, "thread_unread_stale")).map(({ payload, occurredAt }) => [
    payload["user_id"],
    (occurredAt.getTime() - Date.parse(WRITTEN)) / 3_600_000,
    (payload["threads"] as NudgedThread[]).map((t) => [t.oldest_unread_id, t.step, t.unread]),
  ]);

describe("unread-thread-nudges", () => {
  it("nudges after three hours, a day later, and then no more", async () => {
    const { world, reader, messageId } = await scene();
    await everyQuarter(world, 2.5, 4);
    await everyQuarter(world, 26, 28);
    await everyQuarter(world, 50, 52);
    expect(await nudged(world)).toEqual([
      [reader, 3, [[messageId, 1, 1]]],
      [reader, 27, [[messageId, 2, 1]]],
    ]);
    expect(await world.query("select 1 from unread_watches")).toEqual([]);
    expect(await world.query("select 1 from unread_marks")).toEqual([]);
  });

  it("does not nudge about read messages, and starts over with later ones", async () => {
    const { world, reader, say, read } = await scene();
    await read(hours(1));
    const later = await say(hours(2));
    await everyQuarter(world, 3, 6);
    expect(await nudged(world)).toEqual([[reader, 5, [[later, 1, 1]]]]);
    await read(hours(7));
    await everyQuarter(world, 28, 30);
    expect(await nudged(world)).toHaveLength(1);
  });

  it("starts over at once when the user read up to a message that is old enough, or marked one as unread", async () => {
    const { world, reader, say, read, messageId } = await scene();
    const second = await say(hours(1));
    await run(world, hours(5));
    await read(hours(0.5));
    await run(world, hours(5.25));
    await read(hours(6));
    await run(world, hours(6));
    await read(null);
    await run(world, hours(40));
    expect(await nudged(world)).toEqual([
      [reader, 5, [[messageId, 1, 2]]],
      [reader, 5.25, [[second, 1, 1]]],
      [reader, 40, [[second, 2, 2]]],
    ]);
  });

  it("starts over with a message after twelve hours of silence", async () => {
    const { world, reader, say, messageId } = await scene();
    await run(world, hours(3));
    await run(world, hours(27));
    const soon = await say(hours(11.5));
    const late = await say(hours(40));
    await everyQuarter(world, 42, 44);
    expect(soon).not.toBe(late);
    expect(await nudged(world)).toEqual([
      [reader, 3, [[messageId, 1, 1]]],
      [reader, 27, [[messageId, 2, 1]]],
      [reader, 43, [[late, 1, 3]]],
    ]);
  });

  it("waits until the user has been inactive for ten minutes", async () => {
    const { world, reader, messageId } = await scene();
    await world.query("update users set last_active_at = $1 where id = $2", [hours(2.9), reader]);
    expect(await run(world, hours(3))).toMatchObject({ counts: { nudged: 0, active: 1 } });
    await run(world, hours(3.25));
    expect(await nudged(world)).toEqual([[reader, 3.25, [[messageId, 1, 1]]]]);
  });

  it("does not nudge about a muted thread, and looks again when it is unmuted", async () => {
    const { world, reader, threadId, messageId } = await scene();
    await prefer(world, reader, { status: "muted", scope: { type: "thread", id: threadId } });
    expect(await run(world, hours(3))).toMatchObject({ counts: { nudged: 0, muted: 1 } });
    expect(await run(world, hours(8))).toMatchObject({ skipped: 1 });
    await world.query("delete from notification_preferences");
    await run(world, hours(8.25));
    expect(await nudged(world)).toEqual([[reader, 8.25, [[messageId, 1, 1]]]]);
  });

  it("waits three hours after a user joins", async () => {
    const { world, threadId, messageId, read, reader } = await scene();
    await read(hours(2));
    const [late] = (await users(world, 1)) as [string];
    await world.query(
      "insert into chat_thread_participants (thread_id, user_id, joined_at) values ($1, $2, $3)",
      [threadId, late, hours(2)],
    );
    await everyQuarter(world, 2, 6);
    expect(await nudged(world)).toEqual([[late, 5, [[messageId, 1, 1]]]]);
    expect(late).not.toBe(reader);
  });

  it("nudges a user about all threads at once, and about each once", async () => {
    const { world, reader, writer, threadId, messageId } = await scene();
    const other = await thread(world, { participants: [reader, writer] });
    await world.query("update chat_thread_participants set joined_at = $1", [hours(-1_000)]);
    const elsewhere = await message(world, { threadId: other, senderId: writer, createdAt: hours(-1) });
    await everyQuarter(world, 3, 4);
    expect(await nudged(world)).toEqual([
      [
        reader,
        3,
        [
          [messageId, 1, 1],
          [elsewhere, 1, 1],
        ],
      ],
    ]);
    expect(await world.query("select thread_id from domain_events")).toEqual([{ thread_id: null }]);
    expect(threadId).not.toBe(other);
  });

  it("catches up after an outage with one nudge", async () => {
    const { world, reader, messageId } = await scene();
    await everyQuarter(world, 100, 101);
    expect(await nudged(world)).toEqual([[reader, 100, [[messageId, 1, 1]]]]);
    await run(world, hours(124));
    expect(await nudged(world)).toHaveLength(2);
  });

  it.each(["2026-03-08T05:00:00Z", "2026-11-01T05:00:00Z", "2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"])(
    "counts elapsed hours across the clock change after %s",
    async (written) => {
      const { world, reader } = await scene();
      await world.query("update messages set created_at = $1", [written]);
      await world.query("update chat_thread_participants set joined_at = $1", [minutesAfter(written, -60)]);
      for (const minutes of [165, 180, 195, 1_605, 1_620, 1_635])
        await run(world, minutesAfter(written, minutes));
      const nudges = await emitted(world, "thread_unread_stale");
      expect(nudges.map(({ payload, occurredAt }) => [payload["user_id"], occurredAt])).toEqual([
        [reader, new Date(minutesAfter(written, 180))],
        [reader, new Date(minutesAfter(written, 1_620))],
      ]);
    },
  );

  it("follows UNREAD_THRESHOLD_MINUTES", async () => {
    const { world, reader, messageId } = await scene({ environment: { UNREAD_THRESHOLD_MINUTES: "45" } });
    await everyQuarter(world, 0.25, 2);
    expect(await nudged(world)).toEqual([[reader, 0.75, [[messageId, 1, 1]]]]);
  });

  it("drops watches of participants who left and of deleted threads", async () => {
    const { world, reader, threadId } = await scene();
    await world.query("update users set last_active_at = $1 where id = $2", [hours(3), reader]);
    await run(world, hours(3));
    expect(await world.query("select 1 from unread_watches")).toHaveLength(1);
    await world.query("delete from chat_threads where id = $1", [threadId]);
    expect(await run(world, hours(4))).toMatchObject({ counts: { nudged: 0 } });
    expect(await world.query("select 1 from unread_watches")).toEqual([]);
  });

  it("takes in further rounds the marks that one round has no room for", async () => {
    const { world, reader, threadId, messageId } = await scene();
    await world.query(
      "insert into unread_marks (thread_id, at) select $1, $2 from generate_series(1, 50001)",
      [threadId, WRITTEN],
    );
    expect(await run(world)).toMatchObject({ counts: { marks: 50_004, nudged: 1 } });
    expect(await nudged(world)).toEqual([[reader, 3, [[messageId, 1, 1]]]]);
    expect(await world.query("select 1 from unread_marks")).toEqual([]);
  });

  it("ends while the host leaves marks faster than a run takes them", async () => {
    const { world } = await scene();
    await world.query(
      `create function mark_again() returns trigger language plpgsql as $$ begin
         insert into unread_marks (thread_id, user_id, at) select thread_id, user_id, '-infinity' from chat_thread_participants limit 1;
         return null;
       end $$`,
    );
    await world.query(
      "create trigger mark_again after delete on unread_marks for each statement execute function mark_again()",
    );
    expect(await run(world)).toMatchObject({ done: 1, counts: { nudged: 1 } });
    expect(await nudged(world)).toHaveLength(1);
  });

  it("does not look at participants who have read past the marked message", async () => {
    const { world, say } = await scene();
    await say(hours(2));
    await world.query("update chat_thread_participants set last_read_at = $1", [hours(1)]);
    await world.query("delete from unread_marks where user_id is not null");
    expect((await run(world, hours(3))).counts).toEqual({ marks: 1, nudged: 0, users: 0 });
    expect(await world.query("select 1 from unread_watches")).toEqual([]);
  });

  it("looks at all participants of a thread that an operator marked after a load with triggers off", async () => {
    const { world, reader, threadId, messageId } = await scene();
    await world.query("update chat_thread_participants set last_read_at = $1", [hours(-1)]);
    await world.query("truncate unread_marks");
    await world.query("insert into unread_marks (thread_id, at) values ($1, '-infinity')", [threadId]);
    await run(world, hours(3));
    expect(await nudged(world)).toEqual([[reader, 3, [[messageId, 1, 1]]]]);
  });

  it("looks at all of a user's threads in one range, however many are due", async () => {
    const { world, reader, writer } = await scene();
    await world.query(
      `with made as (insert into chat_threads (topic) select 'Thread' from generate_series(1, 2600) returning id),
            joined as (insert into chat_thread_participants (thread_id, user_id, joined_at)
                       select id, u, $3 from made, unnest(array[$1, $2]::bigint[]) u)
       insert into messages (thread_id, sender_id, body, created_at) select id, $2, 'Well?', $4 from made`,
      [reader, writer, hours(-1_000), WRITTEN],
    );
    expect(await run(world, hours(3))).toMatchObject({ counts: { nudged: 2_601, users: 1 } });
    expect(await nudged(world)).toHaveLength(1);
  });

  it("shows in a dry run who would be nudged, and who not and why", async () => {
    const { world, reader, writer, threadId, say } = await scene();
    await say(hours(0.5), reader);
    await prefer(world, writer, { status: "muted" });
    world.at(hours(4));
    const preview = await world.dryRun(unreadThreadNudges, {});
    expect(preview.remarks).toEqual([
      { about: `user ${reader}, thread ${threadId}`, decision: "nudged (step 1)" },
      { about: `user ${writer}, thread ${threadId}`, decision: "muted" },
    ]);
    expect(preview.events).toMatchObject([{ type: "thread_unread_stale", payload: { user_id: reader } }]);
    expect(await world.query("select 1 from unread_nudges")).toEqual([]);
    await run(world);
    expect(await nudged(world)).toHaveLength(1);
  });
});

describe("defects of the earlier system", () => {
  it("23: the number of statements does not grow with threads, participants or messages", async () => {
    const { world, reader, writer } = await scene();
    const one = await countQueries(world, () => run(world, hours(3)));
    const more = await users(world, 20);
    for (let n = 0; n < 12; n++) {
      const id = await thread(world, { participants: [reader, writer, ...more] });
      await message(world, { threadId: id, senderId: writer, createdAt: hours(1) });
    }
    await world.query("update chat_thread_participants set joined_at = $1", [hours(-1_000)]);
    await world.query("update messages set created_at = created_at");
    expect(await countQueries(world, () => run(world, hours(5)))).toBe(one);
    expect(await nudged(world)).toHaveLength(1 + 1 + more.length);
  });

  it("24: a busy thread nudges too, by its oldest unread message", async () => {
    const { world, reader, messageId, say } = await scene();
    for (let minutes = 10; minutes < 240; minutes += 10) await say(minutesAfter(WRITTEN, minutes));
    await everyQuarter(world, 2, 4);
    expect(await nudged(world)).toEqual([[reader, 3, [[messageId, 1, 24]]]]);
  });

  it("25: own messages are not unread, nor counted", async () => {
    const { world, reader, writer, say, read, messageId } = await scene();
    await say(hours(0.5), reader);
    await everyQuarter(world, 3, 4);
    expect(await nudged(world)).toEqual([
      [reader, 3, [[messageId, 1, 1]]],
      [writer, 3.5, [[expect.any(String), 1, 1]]],
    ]);
    await read(hours(5));
    await world.query("truncate domain_events");
    await say(hours(6), reader);
    await world.query("update chat_thread_participants set last_read_at = $1 where user_id = $2", [
      hours(6),
      writer,
    ]);
    await everyQuarter(world, 9, 10);
    expect(await nudged(world)).toEqual([]);
  });
});

fiveCases(unreadThreadNudges, async () => {
  const { world, reader, messageId } = await scene();
  return {
    world,
    payload: {},
    effectIsThereOnce: async () => expect(await nudged(world)).toEqual([[reader, 3, [[messageId, 1, 1]]]]),
    nothingHappened: async () => expect(await nudged(world)).toEqual([]),
    rowGone: async () => {
      await world.query("delete from chat_threads");
      return {};
    },
    effectIn: "domain_events",
  };
});
