import { sql } from "drizzle-orm";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { emit } from "../../src/events/event.ts";
import { meetingReminder, threadUnreadStale } from "../../src/events/nudges.ts";
import type { Job } from "../../src/queues/job.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { meetingReminders } from "../../src/workers/notifications/nudges/meeting-reminders.ts";
import { unreadThreadNudges } from "../../src/workers/notifications/nudges/unread-thread-nudges.ts";
import { type Bench, type BenchContext, compare, type Figure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadNudges, type NudgePlan } from "./nudge-data.ts";

const THREADS = 1_000_000;
const DUE_THREADS = 50_000;
const MEETINGS = 1_000_000;
const DUE_MEETINGS = 5_000;
const AT = "2026-03-10T18:00:00Z";
/** The baseline is measured on this many threads and meetings and extrapolated. */
const SAMPLE_THREADS = 2_000;
const SAMPLE_MEETINGS = 200;

const NUDGES = "threads nudged about";
const REMINDERS = "meetings reminded of";

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const nudges: Bench = {
  name: "nudges",
  describe: ({ scale }) =>
    `${THREADS * scale} threads with 5 participants, ${DUE_THREADS * scale} due; ${MEETINGS * scale} meetings with 2, ${DUE_MEETINGS * scale} due. ours: unread-thread-nudges and ` +
    `meeting-reminders, one process. baseline: queries for each thread and each participant, as in the earlier system, on ${SAMPLE_THREADS} threads and ${SAMPLE_MEETINGS} meetings.`,
  async run(context) {
    const sized = (n: number) => Math.max(1, Math.round(n * context.scale));
    const plan: NudgePlan = {
      threads: sized(THREADS),
      dueThreads: sized(DUE_THREADS),
      meetings: sized(MEETINGS),
      dueMeetings: sized(DUE_MEETINGS),
      at: AT,
    };
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadNudges(scratch, plan));
    await compare(context, {
      baseline: () => withClone(context, template, (scratch) => loop(scratch, plan)),
      ours: () => withClone(context, template, (scratch) => ours(context, scratch, plan)),
    });
  },
};

const ours = (context: BenchContext, scratch: Scratch, plan: NudgePlan): Promise<readonly Figure[]> =>
  besideWorkers(context, scratch, { queue: "notifications", clock: { now: () => new Date(AT) } }, (runtime) =>
    measureRuns(runtime, plan),
  );

async function measureRuns(runtime: Runtime, plan: NudgePlan): Promise<readonly Figure[]> {
  const timed = async (figure: string, job: Job, count: string, expected: number): Promise<Figure> => {
    const startedAt = performance.now();
    const id = await runtime.relay.transact((tx) => startRun(tx, job, {}));
    const run = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(10 * 60_000));
    const value = (performance.now() - startedAt) / 1_000;
    // A run that left somebody out does not count.
    if (run.status !== "done" || run.counts[count] !== expected) {
      throw new Error(
        `${job.name} is ${run.status} with ${JSON.stringify(run.counts)}: ${expected} were due`,
      );
    }
    return { figure, unit: "s", value };
  };
  const reminders = await timed(REMINDERS, meetingReminders, "reminded", plan.dueMeetings * 2);
  const unread = await timed(NUDGES, unreadThreadNudges, "nudged", plan.dueThreads);
  return [unread, reminders];
}

async function loop(scratch: Scratch, plan: NudgePlan): Promise<readonly Figure[]> {
  const unread = await perThread(scratch, Math.min(SAMPLE_THREADS, plan.threads));
  const meetings = await perMeeting(scratch, Math.min(SAMPLE_MEETINGS, plan.dueMeetings));
  return [
    { figure: NUDGES, unit: "s", value: unread * plan.threads },
    { figure: REMINDERS, unit: "s", value: meetings * plan.dueMeetings },
  ];
}

/**
 * Queries for each thread its participants, and for each of them the oldest unread message and its nudges.
 *
 * @returns seconds per thread.
 */
async function perThread(scratch: Scratch, sample: number): Promise<number> {
  const now = new Date(AT);
  const on = scratch.db.drizzle;
  const startedAt = performance.now();
  for (let thread = 1; thread <= sample; thread++) {
    const participants = await rows<{ userId: string; lastReadAt: string | null }>(
      on,
      sql`select user_id as "userId", last_read_at as "lastReadAt" from chat_thread_participants where thread_id = ${thread}`,
    );
    for (const { userId, lastReadAt } of participants) {
      const [oldest] = await rows<{ id: string; at: string }>(
        on,
        sql`select id, created_at as at from messages
            where thread_id = ${thread} and sender_id <> ${userId} and created_at > ${lastReadAt} order by created_at, id limit 1`,
      );
      if (!oldest || now.getTime() - Date.parse(oldest.at) < 180 * 60_000) continue;
      const [user] = await rows<{ lastActiveAt: string | null }>(
        on,
        sql`select last_active_at as "lastActiveAt" from users where id = ${userId}`,
      );
      const preferences = await rows(
        on,
        sql`select 1 from notification_preferences where user_id = ${userId}`,
      );
      const reported = await rows(
        on,
        sql`select 1 from unread_nudges where user_id = ${userId} and thread_id = ${thread} and oldest_unread_id = ${oldest.id}`,
      );
      if (!user || preferences.length > 0 || reported.length > 0) continue;
      await inTransaction(scratch.db, async (tx) => {
        await tx.execute(
          sql`insert into unread_nudges values (${userId}, ${thread}, ${oldest.id}, 1, ${now})`,
        );
        const threads = [{ thread_id: String(thread), unread: 1, oldest_unread_id: oldest.id, step: 1 }];
        await emit(tx, threadUnreadStale, [{ payload: { user_id: userId, threads }, occurredAt: now }]);
      });
    }
  }
  return (performance.now() - startedAt) / 1_000 / sample;
}

/**
 * Queries for each meeting its participants, and for each of them the reminders.
 *
 * @returns seconds per meeting.
 */
async function perMeeting(scratch: Scratch, sample: number): Promise<number> {
  const now = new Date(AT);
  const on = scratch.db.drizzle;
  const startedAt = performance.now();
  const meetings = await rows<{ id: string; startTime: string }>(
    on,
    sql`select id, start_time as "startTime" from meetings
        where status = 'scheduled' and start_time > ${now} and start_time <= ${now}::timestamptz + interval '30 minutes' order by id limit ${sample}`,
  );
  for (const { id, startTime } of meetings) {
    const participants = await rows<{ userId: string }>(
      on,
      sql`select user_id as "userId" from meeting_participants where meeting_id = ${id} and response <> 'declined'`,
    );
    for (const { userId } of participants) {
      const reported = await rows(
        on,
        sql`select 1 from meeting_reminders where meeting_id = ${id} and user_id = ${userId} and start_time = ${startTime}`,
      );
      if (reported.length > 0) continue;
      await inTransaction(scratch.db, async (tx) => {
        await tx.execute(
          sql`insert into meeting_reminders values (${id}, ${userId}, ${startTime}, 30, true, ${now})`,
        );
        const payload = {
          user_id: userId,
          start_time: new Date(startTime).toISOString(),
          offset_minutes: 30,
        };
        await emit(tx, meetingReminder, [{ payload, occurredAt: now, meetingId: id }]);
      });
    }
  }
  return (performance.now() - startedAt) / 1_000 / meetings.length;
}
