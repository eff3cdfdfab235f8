import type { Scratch } from "./database.ts";

export type NudgePlan = {
  readonly threads: number;
  /** Threads in which one participant has an unread message that is just older than the threshold. */
  readonly dueThreads: number;
  readonly meetings: number;
  /** Meetings that begin in half an hour; the others are spread over two years. */
  readonly dueMeetings: number;
  readonly at: string;
};

const PARTICIPANTS = 5;
const MESSAGES = 2;
const INVITED = 2;

const LOADED = [
  "chat_threads",
  "chat_thread_participants",
  "messages",
  "meetings",
  "meeting_participants",
] as const;

/**
 * Loads threads and meetings in bulk, consistent by construction. Indexes other than keys are built
 * afterwards.
 */
export async function loadNudges(scratch: Scratch, plan: NudgePlan): Promise<void> {
  for (const table of LOADED) await scratch.sql(`alter table ${table} disable trigger all`);
  const people = Math.max(PARTICIPANTS, Math.round(plan.threads / 5));
  await scratch.sql("insert into users (name) select 'User ' || g from generate_series(1, $1::int) g", [
    people,
  ]);
  await loadThreads(scratch, plan, people);
  await loadMeetings(scratch, plan, people);
  for (const table of LOADED) await scratch.sql(`alter table ${table} enable trigger all`);
}

/** SQL: participant k of thread i. Five different users in each thread, spread over all. */
const personOf = "1 + (i * 7919 + k * 40009) % $2";

async function loadThreads(scratch: Scratch, plan: NudgePlan, people: number): Promise<void> {
  await scratch.sql(
    "insert into chat_threads (topic, created_at) select 'Thread', '2025-01-01' from generate_series(1, $1::int)",
    [plan.threads],
  );
  // Due threads are evenly scattered.
  const due = `(i % ${Math.max(1, Math.floor(plan.threads / plan.dueThreads))} = 0)`;
  await scratch.sql(
    `insert into chat_thread_participants (thread_id, user_id, joined_at, last_read_at)
     select i, ${personOf}, '2025-01-01', case when k = 1 and ${due} then $3::timestamptz - interval '1 day' else $3::timestamptz - interval '1 minute' end
     from generate_series(1, $1::bigint) i, generate_series(0, ${PARTICIPANTS - 1}) k`,
    [plan.threads, people, plan.at],
  );
  await scratch.sql(
    `insert into messages (thread_id, sender_id, body, created_at)
     select i, 1 + (i * 7919) % $2, 'What about it?',
            case when n = 1 or not ${due} then $3::timestamptz - (2 + i % 300) * interval '1 day' else $3::timestamptz - interval '181 minutes' - (i % 14) * interval '1 minute' end
     from generate_series(1, $1::bigint) i, generate_series(1, ${MESSAGES}) n`,
    [plan.threads, people, plan.at],
  );
  await scratch.sql(
    "insert into unread_marks (thread_id, at) select thread_id, created_at from messages where created_at > $1::timestamptz - interval '1 day'",
    [plan.at],
  );
}

async function loadMeetings(scratch: Scratch, plan: NudgePlan, people: number): Promise<void> {
  await scratch.sql(
    `insert into meetings (organizer_id, title, start_time, end_time)
     select 1 + i % $2, 'Meeting', s.at, s.at + interval '1 hour' from generate_series(1, $1::bigint) i
     cross join lateral (select case when i <= $4 then $3::timestamptz + interval '30 minutes'
                                     else $3::timestamptz + case when i % 2 = 0 then 40 + i % 500000 else -(i % 500000) end * interval '1 minute' end as at) s`,
    [plan.meetings, people, plan.at, plan.dueMeetings],
  );
  await scratch.sql(
    `insert into meeting_participants (meeting_id, user_id, response, invited_at)
     select i, 1 + (i * 31 + k) % $2, 'accepted', '2025-01-01' from generate_series(1, $1::bigint) i, generate_series(1, ${INVITED}) k`,
    [plan.meetings, people],
  );
}
