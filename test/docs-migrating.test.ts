import { expect, it } from "vitest";
import { blocks, read } from "./support/pages.ts";
import { deployWithRoles, scratchDatabase } from "./support/scratch-database.ts";

/** What the queries of docs/migrating.md read of the platforms. */
const HOSTS = `
  create schema cron;
  create table cron.job (jobname text);
  create function cron.unschedule(text) returns boolean language sql as 'select true';
  create table volunteers (id uuid, user_id uuid);
  create table volunteer_project_matches (project_id uuid, volunteer_id uuid, match_score numeric);
  create table candidate_notifications (project_id uuid, volunteer_id uuid, match_score numeric, notification_batch_id uuid, notified_at timestamp);
  create table meeting_reminders_sent (meeting_id uuid, user_id uuid, created_at timestamptz);
  create table unread_thread_stale_log (thread_id uuid, user_id uuid, created_at timestamptz);
  create table resume_nudge_log (project_id uuid, user_id uuid, nudge_number int, created_at timestamptz);
  create table decidim_volunteer_scheduler_volunteer_profiles (id int, activity_multiplier numeric);
  create table jobs (id uuid, title text, company text);
  create table job_recommendations (user_id uuid, job_id uuid, match_score float8)`;

it("the queries of docs/migrating.md run beside the tables of the platforms", async () => {
  const database = await scratchDatabase();
  await database.query(HOSTS);
  const { owner } = await deployWithRoles(database);
  const queries = blocks(read("docs/migrating.md"), "pgsql").map((query) =>
    query.replaceAll(/\bcommonwork(?:_shadow)?(_results)?(?=\.)/g, `${owner.databaseSchema}$1`),
  );
  expect(queries.length).toBeGreaterThan(6);
  for (const query of queries) {
    const fault = await database.query(query).then(() => null, String);
    expect(fault, query).toBeNull();
  }
});
