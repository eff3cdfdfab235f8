import { expect, it } from "vitest";
import { HISTORY } from "../src/connect/notification-history.ts";
import { calculateMatches } from "../src/workers/matching/calculate-matches.ts";
import { notifyProjectMatches } from "../src/workers/notifications/matching/notify-project-matches.ts";
import { installExample } from "./support/example.ts";
import { performRun } from "./support/jobs.ts";
import { blocks, read } from "./support/pages.ts";
import { deployWithRoles, scratchDatabase } from "./support/scratch-database.ts";

const queries = blocks(read("docs/migrating.md"), "pgsql");

const isHistory = (query: string) => query.startsWith("-- sent.sql");

/** A query as it is for a schema of another name. */
const inSchema = (query: string, schema: string): string =>
  query.replaceAll(/\bcommonwork(?:_shadow)?(_results)?(?=\.)/g, `${schema}$1`);

/** What the queries read of the platforms, with a row in what was sent. */
const HOSTS = `
  create schema cron;
  create table cron.job (jobname text);
  create function cron.unschedule(text) returns boolean language sql as 'select true';
  create table projects (id uuid primary key, title text);
  create table volunteers (id uuid, user_id uuid);
  create table volunteer_project_matches (project_id uuid, volunteer_id uuid, match_score numeric);
  create table candidate_notifications (project_id uuid, volunteer_id uuid, match_score numeric(5, 4), notification_batch_id uuid, notified_at timestamp);
  create table meeting_reminders_sent (meeting_id uuid, user_id uuid, created_at timestamptz);
  create table unread_thread_stale_log (thread_id uuid, user_id uuid, created_at timestamptz);
  create table resume_nudge_log (project_id uuid, user_id uuid, nudge_number int, created_at timestamptz);
  create table decidim_volunteer_scheduler_volunteer_profiles (id int, activity_multiplier numeric);
  create table decidim_volunteer_scheduler_scicent_transactions (volunteer_profile_id int, transaction_type int, amount numeric, created_at timestamp);
  create table jobs (id uuid, title text, company text);
  create table job_recommendations (user_id uuid, job_id uuid, match_score float8);
  insert into volunteers values (md5('v')::uuid, md5('u')::uuid);
  insert into candidate_notifications values (md5('p')::uuid, md5('v')::uuid, 0.75, md5('b')::uuid, timezone('utc', now()));
  insert into meeting_reminders_sent values (md5('m')::uuid, md5('u')::uuid, now());
  insert into unread_thread_stale_log values (md5('t')::uuid, md5('u')::uuid, now());
  insert into resume_nudge_log values (md5('p')::uuid, md5('u')::uuid, 2, now());`;

it("the queries of docs/migrating.md run beside the tables of the platforms", async () => {
  const database = await scratchDatabase();
  await database.query(HOSTS);
  const { owner } = await deployWithRoles(database);
  expect(queries.length).toBeGreaterThan(12);
  const kinds = new Set<string>();
  for (const query of queries) {
    const found = await database
      .query<{ line: { kind: keyof typeof HISTORY } }>(inSchema(query, owner.databaseSchema))
      .catch((error: unknown) => expect.fail(`${error}\n${query}`));
    if (!isHistory(query)) continue;
    for (const { line } of found) {
      const { kind, ...fields } = line;
      expect(HISTORY[kind].fields.safeParse(fields).error, query).toBeUndefined();
      kinds.add(kind);
    }
  }
  expect([...kinds].sort()).toEqual(Object.keys(HISTORY).sort());
});

it("a platform that moves with docs/migrating.md: both are compared, and nobody is notified again", async () => {
  const example = await installExample("go", { role: "go_app", schemas: ["civic"] });
  const { world } = example;
  await example.settle();
  // What the old jobs have left: Ben is the best match of the workshop, and was told so yesterday.
  await example.query(`set search_path = civic;
    create table volunteer_project_matches (project_id uuid, volunteer_id uuid, match_score numeric(5, 4));
    create table candidate_notifications (project_id uuid, volunteer_id uuid, match_score numeric(5, 4), notification_batch_id uuid, notified_at timestamp);
    insert into volunteer_project_matches values
      (md5('workshop')::uuid, md5('volunteer ben')::uuid, 0.5), (md5('workshop')::uuid, md5('volunteer eve')::uuid, 0.4);
    insert into candidate_notifications values
      (md5('workshop')::uuid, md5('volunteer ben')::uuid, 1, gen_random_uuid(), timezone('utc', now()) - interval '1 day')`);
  const [sent, ranked, notices] = [
    "sent.sql: whom",
    "the ten best of each project",
    "notices of the last week",
  ].map((beginning) =>
    inSchema(queries.find((query) => query.startsWith(`-- ${beginning}`)) ?? "", world.db.schema),
  ) as [string, string, string];
  await performRun(world, calculateMatches, {});
  await example.settle();
  expect(await example.query(ranked)).toEqual([{ title: "Workshop", both: "1", theirs: "2" }]);
  const ben = { project_id: expect.any(String), volunteer_id: expect.any(String) };
  expect(await example.query(notices)).toEqual([{ only_by: "old", ...ben }]);
  await example.importHistory(sent);
  expect(await example.query(notices)).toEqual([]);
  await performRun(world, notifyProjectMatches, {});
  await example.settle();
  expect(await world.query("select title from notifications")).toEqual([]);
  expect(await world.query("select count(*)::int as n from candidate_notifications")).toEqual([{ n: 1 }]);
  await example.query(
    "drop table civic.volunteer_project_matches, civic.candidate_notifications; reset search_path",
  );
  await example.uninstall();
});
