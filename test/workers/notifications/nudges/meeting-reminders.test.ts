import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { cutMeetings, readReminderCandidates } from "../../../../src/nudges/meeting-reminders.ts";
import { openDueSlots } from "../../../../src/schedules/due-slots.ts";
import { timetable } from "../../../../src/schedules/timetable.ts";
import { decideReminder } from "../../../../src/scoring/notifications/meeting-reminder.ts";
import { meetingReminders } from "../../../../src/workers/notifications/nudges/meeting-reminders.ts";
import { countQueries } from "../../../support/count-queries.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { performRanged } from "../../../support/jobs.ts";
import { emitted, minutesAfter } from "../../../support/nudges.ts";
import { deleteAll, meeting, user, users } from "../../../support/platform.ts";
import { size } from "../../../support/sizes.ts";
import { createWorld, type World } from "../../../support/world.ts";

const START = "2026-03-10T10:00:00Z";
const LONG_AGO = "2026-01-01T00:00:00Z";

/** A meeting at START whose participants were invited long ago. */
async function scene(options: { at?: string; startTime?: string; participants?: number } = {}) {
  const startTime = options.startTime ?? START;
  const world = await createWorld({ at: options.at ?? minutesAfter(startTime, -30) });
  const participants = await users(world, options.participants ?? 1);
  const meetingId = await meeting(world, { organizerId: participants[0]!, startTime, participants });
  await world.query("update meeting_participants set invited_at = $1", [LONG_AGO]);
  return { world, meetingId, participants, userId: participants[0]! };
}

const run = (world: World, at?: string) => {
  if (at) world.at(at);
  return performRanged(world, meetingReminders, {});
};

/** Who was reminded, when, of which start. */
const reminded = async (world: World) =>
  (await emitted(world, "meeting_reminder")).map(({ payload, occurredAt }) => [
    payload["user_id"],
    payload["start_time"],
    (Date.parse(String(payload["start_time"])) - occurredAt.getTime()) / 60_000,
  ]);

const iso = (instant: string) => new Date(instant).toISOString();

describe("meeting-reminders", () => {
  it("reminds each participant once, half an hour before, whatever the number of runs", async () => {
    const { world, meetingId, participants } = await scene({ participants: 3 });
    for (let minutes = -40; minutes <= 5; minutes += 5) await run(world, minutesAfter(START, minutes));
    expect(await reminded(world)).toEqual(participants.map((id) => [id, iso(START), 30]));
    expect(await emitted(world, "meeting_reminder")).toMatchObject([
      { meetingId },
      { meetingId },
      { meetingId },
    ]);
  });

  it("reminds at the offsets that a user chose, and not at all if none", async () => {
    const { world, participants } = await scene({ participants: 2 });
    await world.query(
      "insert into user_notification_settings (user_id, reminder_offsets) values ($1, '{5,15}'), ($2, '{}')",
      participants,
    );
    for (let minutes = -40; minutes <= 5; minutes += 5) await run(world, minutesAfter(START, minutes));
    expect(await reminded(world)).toEqual([
      [participants[0], iso(START), 15],
      [participants[0], iso(START), 5],
    ]);
  });

  it("sends one reminder for several missed offsets", async () => {
    const { world, userId } = await scene();
    await world.query(
      "insert into user_notification_settings (user_id, reminder_offsets) values ($1, '{5,15,30}')",
      [userId],
    );
    await run(world, minutesAfter(START, -12));
    await run(world, minutesAfter(START, -10));
    expect(await reminded(world)).toEqual([[userId, iso(START), 12]]);
    expect(await world.query("select offset_minutes as o, told from meeting_reminders order by 1")).toEqual([
      { o: 15, told: true },
      { o: 30, told: false },
    ]);
  });

  it("reminds of a late meeting as soon as its invitation is five minutes old", async () => {
    const { world, userId } = await scene();
    await world.query("update meeting_participants set invited_at = $1", [minutesAfter(START, -22)]);
    const first = await run(world, minutesAfter(START, -20));
    expect(first).toMatchObject({ counts: { reminded: 0, "just-invited": 1 } });
    await run(world, minutesAfter(START, -15));
    expect(await reminded(world)).toEqual([[userId, iso(START), 15]]);
  });

  it("reminds a participant who was added after the others had been reminded", async () => {
    const { world, meetingId, userId } = await scene();
    await run(world);
    const late = await user(world);
    await world.query(
      "insert into meeting_participants (meeting_id, user_id, invited_at) values ($1, $2, $3)",
      [meetingId, late, LONG_AGO],
    );
    await run(world, minutesAfter(START, -25));
    expect(await reminded(world)).toEqual([
      [userId, iso(START), 30],
      [late, iso(START), 25],
    ]);
  });

  it("does not remind of a cancelled or past meeting", async () => {
    const { world } = await scene();
    for (const status of ["cancelled", "completed"]) {
      await world.query("update meetings set status = $1", [status]);
      expect(await run(world)).toMatchObject({
        skipped: 1,
        reasons: { "no meeting starts within 30 minutes": 1 },
      });
    }
    expect(await reminded(world)).toEqual([]);
  });

  it("after an outage reminds late, but never after the start", async () => {
    const { world, userId } = await scene({ at: minutesAfter(START, -60) });
    const begun = await meeting(world, {
      organizerId: userId,
      startTime: minutesAfter(START, -9),
      participants: [userId],
    });
    const schedule = timetable.filter(({ name }) => name === "meeting-reminders");
    await inTransaction(world.db, (tx) => openDueSlots(tx, schedule, world.clock.now(), () => undefined));
    world.at(minutesAfter(START, -8));
    const opened = await inTransaction(world.db, (tx) =>
      openDueSlots(tx, schedule, world.clock.now(), () => undefined),
    );
    expect(opened).toEqual([{ schedule: "meeting-reminders", slot: new Date(minutesAfter(START, -10)) }]);
    await world.query("update meeting_participants set invited_at = $1", [LONG_AGO]);
    await world.query("update meetings set start_time = $1 where id = $2", [minutesAfter(START, -11), begun]);
    await world.query("delete from outbox where job not like 'meeting-reminders%'");
    await world.drain();
    expect(await reminded(world)).toEqual([[userId, iso(START), 10]]);
  });

  it.each([
    ["America/Los_Angeles, clocks forward", "2026-03-08T10:05:00Z"],
    ["America/Los_Angeles, clocks back", "2026-11-01T09:05:00Z"],
    ["Europe/Berlin, clocks forward", "2026-03-29T01:05:00Z"],
    ["Europe/Berlin, clocks back", "2026-10-25T01:05:00Z"],
  ])("counts elapsed minutes across clock changes: %s", async (_zone, startTime) => {
    const { world, userId } = await scene({ startTime });
    for (let minutes = -95; minutes <= 60; minutes += 5) await run(world, minutesAfter(startTime, minutes));
    expect(await reminded(world)).toEqual([[userId, iso(startTime), 30]]);
  });

  it("sends the same number of statements for one meeting and for a range full of them", async () => {
    const { world, userId } = await scene();
    const one = await countQueries(world, () => run(world));
    await world.query("truncate meeting_reminders, domain_events, outbox");
    await world.query(
      `insert into meetings (organizer_id, title, start_time, end_time)
       select $1, 'Meeting', $2::timestamptz - n * interval '1 second', $2 from generate_series(1, 500) n`,
      [userId, START],
    );
    await world.query(
      `insert into meeting_participants (meeting_id, user_id, invited_at) select id, $1, $2 from meetings on conflict do nothing`,
      [userId, LONG_AGO],
    );
    world.at(minutesAfter(START, -30));
    expect(await countQueries(world, () => run(world, minutesAfter(START, -30)))).toBe(one);
    expect(await reminded(world)).toHaveLength(501);
  });

  it("shows in a dry run who would be reminded, and who not and why", async () => {
    const { world, meetingId, participants } = await scene({ participants: 2 });
    await world.query("update meeting_participants set response = 'declined' where user_id = $1", [
      participants[1],
    ]);
    const preview = await world.dryRun(meetingReminders, {});
    expect(preview.remarks).toEqual([
      { about: `meeting ${meetingId}, user ${participants[0]}`, decision: "reminded (30 minutes)" },
      { about: `meeting ${meetingId}, user ${participants[1]}`, decision: "declined" },
    ]);
    expect(preview.events).toMatchObject([
      { type: "meeting_reminder", payload: { user_id: participants[0] } },
    ]);
    expect(await world.query("select 1 from meeting_reminders")).toEqual([]);
  });

  it("cuts into ranges that contain every meeting once, including those of the same instant", async () => {
    const { world, userId } = await scene();
    await world.query(
      `insert into meetings (organizer_id, title, start_time, end_time)
       select $1, 'Meeting', $2::timestamptz - (n / 700) * interval '7 microseconds', $2 from generate_series(1, 2500) n`,
      [userId, START],
    );
    await world.query(
      `insert into meeting_participants (meeting_id, user_id, invited_at) select id, $1, $2 from meetings on conflict do nothing`,
      [userId, LONG_AGO],
    );
    const found = await inTransaction(world.db, async (tx) => {
      const ranges = await cutMeetings(tx, null, world.clock.now());
      expect(ranges).toHaveLength(3);
      const lists = [];
      for (const range of ranges) lists.push(await readReminderCandidates(tx, range, world.clock.now()));
      return lists.flat().map(({ meetingId }) => meetingId);
    });
    expect(found).toHaveLength(2501);
    expect(new Set(found).size).toBe(2501);
  });

  it("reminds the same users as the pure rule, on random meetings", async () => {
    const { world, userId } = await scene();
    await world.query("delete from meetings");
    const anyMeeting = fc.record({
      left: fc.integer({ min: -3, max: 35 }),
      status: fc.constantFrom("scheduled", "scheduled", "cancelled", "completed"),
      response: fc.constantFrom("pending", "accepted", "declined", "tentative"),
      invited: fc.integer({ min: 0, max: 12 }),
      settled: fc.subarray([30, 15, 5]),
    });
    const offsets = fc.option(fc.subarray([30, 15, 5]));
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMeeting, { minLength: 1, maxLength: 25 }),
        offsets,
        async (drawn, wanted) => {
          const now = world.clock.now();
          await deleteAll(
            world,
            "meeting_reminders",
            "user_notification_settings",
            "domain_events",
            "outbox",
            "meetings",
          );
          if (wanted)
            await world.query(
              "insert into user_notification_settings (user_id, reminder_offsets) values ($1, $2)",
              [userId, wanted],
            );
          const expected: string[] = [];
          for (const one of drawn) {
            const startTime = minutesAfter(now.toISOString(), one.left);
            const id = await meeting(world, { organizerId: userId, startTime, participants: [userId] });
            const invitedAt = minutesAfter(now.toISOString(), -one.invited);
            await world.query("update meetings set status = $1 where id = $2", [one.status, id]);
            await world.query(
              "update meeting_participants set response = $1, invited_at = $2 where meeting_id = $3",
              [one.response, invitedAt, id],
            );
            await world.query(
              "insert into meeting_reminders select $1, $2, $3, unnest($4::int[]), true, $3",
              [id, userId, startTime, one.settled],
            );
            const facts = {
              startTime: new Date(startTime),
              status: one.status,
              response: one.response,
              invitedAt: new Date(invitedAt),
              offsetsMinutes: wanted ?? [30],
              settledMinutes: one.settled,
            } as const;
            if (decideReminder(facts, now).kind === "remind") expected.push(id);
          }
          await run(world);
          const reminders = await emitted(world, "meeting_reminder");
          expect(reminders.map(({ meetingId }) => meetingId)).toEqual(expected);
        },
      ),
      { numRuns: size(6, 100) },
    );
  });
});

describe("defects of the earlier system", () => {
  it("15: reminder event and sent-mark are one transaction", async () => {
    const { world } = await scene();
    await world.query(
      "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; create trigger refuse before insert on domain_events execute function refuse()",
    );
    await world.perform(meetingReminders, {});
    const [range] = await world.enqueued({ name: "meeting-reminders/range" });
    expect(await world.run({ name: range!.job }, [range!.id])).toMatchObject({ retry: 1 });
    expect(await world.query("select 1 from meeting_reminders")).toEqual([]);
    await world.query("drop trigger refuse on domain_events");
    await world.skipBackOff();
    expect(await world.run({ name: range!.job }, [range!.id])).toMatchObject({ done: 1 });
    expect(await world.query("select 1 from meeting_reminders")).toHaveLength(1);
    expect(await reminded(world)).toHaveLength(1);
  });

  it("16: reminds again of a rescheduled meeting, but not when it is moved back to the old time", async () => {
    const { world, userId } = await scene();
    const moved = minutesAfter(START, 60);
    await run(world, minutesAfter(START, -30));
    await world.query("update meetings set start_time = $1", [moved]);
    await run(world, minutesAfter(START, -25));
    await run(world, minutesAfter(START, 30));
    await world.query("update meetings set start_time = $1", [START]);
    await run(world, minutesAfter(START, -10));
    expect(await reminded(world)).toEqual([
      [userId, iso(START), 30],
      [userId, iso(moved), 30],
    ]);
  });

  it("17: does not remind those who declined, unless they change their response", async () => {
    const { world, userId } = await scene();
    await world.query("update meeting_participants set response = 'declined'");
    expect(await run(world)).toMatchObject({ counts: { reminded: 0, declined: 1 } });
    await world.query("update meeting_participants set response = 'tentative'");
    await run(world, minutesAfter(START, -20));
    expect(await reminded(world)).toEqual([[userId, iso(START), 20]]);
  });

  it("18: the event carries the start, not '30 minutes', when it is sent at 10 minutes", async () => {
    const { world, userId, meetingId } = await scene();
    await run(world, minutesAfter(START, -10));
    expect(await emitted(world, "meeting_reminder")).toMatchObject([
      { meetingId, payload: { user_id: userId, start_time: iso(START), offset_minutes: 30 } },
    ]);
  });
});

fiveCases(meetingReminders, async () => {
  const { world, meetingId, userId } = await scene();
  return {
    world,
    payload: { meetingId },
    rowGone: async () => {
      await world.query("delete from meetings");
      return { meetingId };
    },
    effectIn: "domain_events",
    effectIsThereOnce: async () => expect(await reminded(world)).toEqual([[userId, iso(START), 30]]),
    nothingHappened: async () => {
      expect(await reminded(world)).toEqual([]);
      expect(await world.query("select 1 from meeting_reminders")).toEqual([]);
    },
  };
});
