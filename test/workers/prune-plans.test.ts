import { expect, it } from "vitest";
import type { Job } from "../../src/queues/job.ts";
import { pruneHistory } from "../../src/workers/maintenance/prune-history.ts";
import { pruneNotifications } from "../../src/workers/notifications/fan-out/prune-notifications.ts";
import { pruneCandidateNotifications } from "../../src/workers/notifications/matching/prune-candidate-notifications.ts";
import { cleanupOldPostings } from "../../src/workers/recommendations/cleanup-old-postings.ts";
import { cleanupRecommendations } from "../../src/workers/recommendations/cleanup-recommendations.ts";
import { cleanupSavedJobs } from "../../src/workers/recommendations/cleanup-saved-jobs.ts";
import { applicant } from "../support/recommendations.ts";
import { recordStatements, rowsPassedOver } from "../support/statements.ts";
import { createWorld, type World } from "../support/world.ts";

/** A Wednesday. */
const AT = "2026-06-03T03:10:00Z";
const OLD = "2024-01-01";

/** How many rows of a table a run of a job reads and leaves. */
async function readBy<P>(world: World, job: Job<P>, payload: P, table: string) {
  await world.query(`analyze ${table}`);
  const statements = await recordStatements(world, () => world.dryRun(job, payload));
  const mine = statements.filter(({ text }) => text.includes(`"${table}" r`) || text.includes(` ${table}`));
  expect(mine.length).toBeGreaterThan(0);
  let kept = 0;
  for (const statement of mine) kept += await rowsPassedOver(world, statement, table);
  return kept;
}

it("prune-history reads no webhook call about money, and no gap", async () => {
  const world = await createWorld({ at: AT });
  await world.query(
    `insert into inbox (source, outcome, raw, raw_hash, received_at)
     select case when n % 500 = 0 then 'domain_events' else 'scicent' end, 'accepted', 'x', 'x', $1::timestamptz + n * interval '1 s'
     from generate_series(1, 10000) n`,
    [OLD],
  );
  expect(await readBy(world, pruneHistory, {}, "inbox")).toBe(0);
  await world.perform(pruneHistory, {});
  await world.drain();
  expect(await world.query("select count(*)::int as n from inbox where source <> 'scicent'")).toEqual([
    { n: 0 },
  ]);
});

it("prune-history reads no audit entry about money, and of younger ones only failed logins", async () => {
  const world = await createWorld({ at: AT });
  await world.query(
    `insert into audit_log (at, actor, action, subject)
     select $1::timestamptz + n * interval '1 s', 'a', case n % 500 when 0 then 'queues.paused' when 1 then 'admin.login-failed' else 'sale.released' end, 'c'
     from generate_series(1, 10000) n`,
    [OLD],
  );
  await world.query(
    `insert into audit_log (at, actor, action, subject)
     select $1::timestamptz - interval '90 days', 'a', case n % 500 when 1 then 'admin.login-failed' else 'queues.paused' end, 'c'
     from generate_series(1, 5000) n`,
    [AT],
  );
  expect(await readBy(world, pruneHistory, {}, "audit_log")).toBe(0);
});

it("prune-notifications reads no reminder of a later meeting", async () => {
  const world = await createWorld({ at: AT });
  await world.query(
    `insert into meeting_reminders (meeting_id, user_id, start_time, offset_minutes, told, decided_at)
     select n, 1, case when n % 500 = 0 then $1::timestamptz + n * interval '1 minute' else $2::timestamptz end, 30, true, $1
     from generate_series(1, 10000) n`,
    [OLD, AT],
  );
  expect(await readBy(world, pruneNotifications, {}, "meeting_reminders")).toBe(0);
  await world.perform(pruneNotifications, {});
  await world.drain();
  expect(await world.query("select count(*)::int as n from meeting_reminders")).toEqual([{ n: 9_980 }]);
});

it("prune-notifications reads a part of a large log of nudges, and all of it within a month", async () => {
  const world = await createWorld({ at: AT });
  // 17 parts of 256 pages.
  await world.query("alter table unread_nudges set (fillfactor = 10)");
  await world.query(
    `insert into unread_nudges (user_id, thread_id, oldest_unread_id, step, nudged_at)
     select 1, 1, n, 1, $1 from generate_series(1, 48500) n`,
    [AT],
  );
  const [{ pages }] = (await world.query<{ pages: number }>(
    "select (pg_relation_size('unread_nudges') / 8192)::int as pages",
  )) as [{ pages: number }];
  expect(pages).toBeGreaterThan(17 * 256);
  const partsOfRun = async (at: string) => {
    world.at(at);
    const statements = await recordStatements(world, () => world.dryRun(pruneNotifications, {}));
    return statements
      .filter(({ text }) => /delete from "unread_nudges"/.test(text))
      .map(({ values }) => values[0]);
  };
  const [first, second] = [
    await partsOfRun("2026-06-03T03:30:00Z"),
    await partsOfRun("2026-06-04T03:30:00Z"),
  ];
  expect(Math.max(first.length, second.length)).toBeLessThanOrEqual(16);
  expect(new Set([...first, ...second]).size).toBe(Math.ceil(pages / 256));
});

it("cleanup-old-postings reads no posting of the host, and on weekdays no kept one that became old long ago", async () => {
  const world = await createWorld({ at: AT });
  const user = await applicant(world, []);
  await world.query("insert into posting_listings (source) values ('remotive')");
  await world.query(
    `with old as (
       insert into jobs (title, company, source, source_id, status, closed_at)
       select 'Engineer', 'Acme', case when n % 2 = 0 then 'host' else 'remotive' end, n::text, 'closed',
              case when n > 9980 then $2::timestamptz - interval '92 days' else $1::timestamptz end
       from generate_series(1, 10000) n returning id, source, closed_at)
     insert into job_applications (user_id, job_id, status)
     select $3, id, 'applied' from old where source = 'remotive' and closed_at = $1::timestamptz`,
    [OLD, AT, user],
  );
  await world.query("analyze job_applications");
  expect(await readBy(world, cleanupOldPostings, {}, "jobs")).toBe(0);
  expect(await world.perform(cleanupOldPostings, {})).toMatchObject({ counts: { deleted: 10 } });
});

it("cleanup-old-postings deletes on Sundays postings that nobody keeps any more", async () => {
  const world = await createWorld({ at: AT });
  await world.query("insert into posting_listings (source) values ('remotive')");
  await world.query(
    "insert into jobs (title, company, source, source_id, status, closed_at) values ('Engineer', 'Acme', 'remotive', '1', 'closed', $1)",
    [OLD],
  );
  expect(await world.perform(cleanupOldPostings, {})).toMatchObject({ counts: { deleted: 0 } });
  world.at("2026-06-07T00:10:00Z");
  expect(await world.perform(cleanupOldPostings, {})).toMatchObject({ counts: { deleted: 1 } });
});

it("cleanup-recommendations, cleanup-saved-jobs and prune-candidate-notifications read no rows that stay", async () => {
  const world = await createWorld({ at: AT });
  const user = await applicant(world, []);
  await world.query(
    `insert into users (name, email) select 'User ' || n, 'user' || n || '@example.org' from generate_series(1, 5000) n`,
  );
  await world.query(
    `insert into recommendation_lists (user_id, posting_ids, scores, created_at, components, first_places, floor_score, algo_version, as_of)
     select id, '{}', '{}', '{}', '', 0, 0, 'x', case when id % 500 = 0 then $1::timestamptz else $2::timestamptz end
     from users on conflict do nothing`,
    [OLD, AT],
  );
  await world.query(
    `insert into jobs (title, company, source, source_id, status)
     select 'Engineer', 'Acme', 'host', n::text, 'open' from generate_series(1, 5000) n`,
  );
  await world.query(
    `insert into job_applications (user_id, job_id, status) select $1, id, case when id % 500 = 0 then 'saved' else 'applied' end from jobs`,
    [user],
  );
  await world.query("update job_applications set saved_at = $1 where status = 'saved'", [OLD]);
  expect(await readBy(world, cleanupRecommendations, {}, "recommendation_lists")).toBe(0);
  expect(await readBy(world, cleanupSavedJobs, {}, "job_applications")).toBe(0);
  expect(await readBy(world, pruneCandidateNotifications, { days: 90 }, "candidate_notifications")).toBe(0);
});
