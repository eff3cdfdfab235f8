import { expect, it } from "vitest";
import { calculateMatches } from "../src/workers/matching/calculate-matches.ts";
import { notifyProjectMatches } from "../src/workers/notifications/matching/notify-project-matches.ts";
import { type Example, installExample } from "./support/example.ts";
import { performRun } from "./support/jobs.ts";
import { blocks, read, section } from "./support/pages.ts";
import { pairLists, people } from "./support/result-rows.ts";
import { deployWithRoles, scratchDatabase } from "./support/scratch-database.ts";
import { createWorld } from "./support/world.ts";

// The statements of docs/migrating.md, in the order of the page, each beside the tables that its platform
// has: with the columns, keys and checks of its migrations.

const page = read("docs/migrating.md");

/** A statement as it is for a schema of another name. */
const inSchema = (statement: string, schema: string): string =>
  statement.replaceAll(/\bcommonwork(?:_shadow)?(_results)?(?=\.)/g, `${schema}$1`);

const statementsFor = (platform: string, schema: string): string[] =>
  blocks(section(page, platform), "pgsql").map((statement) => inSchema(statement, schema));

/** Runs a statement twice, which must do the same as once. */
async function twice(example: Example, statement: string): Promise<void> {
  await example.query(statement);
  await example.query(statement);
}

it("every statement of docs/migrating.md is one of a platform below", () => {
  const counts = [
    "CivicWeave",
    "CapMatch",
    "Decidim Volunteer Scheduler",
    "Job recommendations",
    "The social site",
  ].map((platform) => statementsFor(platform, "commonwork").length);
  expect(counts).toEqual([4, 7, 3, 1, 2]);
  expect(blocks(page, "pgsql")).toHaveLength(17);
});

it("CivicWeave: lists and notices are compared, nobody is notified again, and the old job learns of notices", async () => {
  const example = await installExample("go", { role: "go_app", schemas: ["civic"] });
  const { world } = example;
  await example.settle();
  const [sent, best, notices, backOut] = statementsFor("CivicWeave", world.db.schema) as [
    string,
    string,
    string,
    string,
  ];
  // What the old jobs have left: Ben and Eve match the workshop, and Ben was told so yesterday.
  await example.query(`set search_path = civic;
    create table volunteer_project_matches (volunteer_id uuid not null references volunteers, project_id uuid not null references projects,
      match_score decimal(5, 4) not null, primary key (volunteer_id, project_id));
    create table candidate_notifications (id uuid primary key default gen_random_uuid(), project_id uuid not null references projects,
      volunteer_id uuid not null references volunteers, match_score decimal(5, 4) not null, notified_at timestamp default current_timestamp,
      notification_batch_id uuid not null, unique (project_id, volunteer_id, notification_batch_id));
    insert into volunteer_project_matches (project_id, volunteer_id, match_score) values
      (md5('workshop')::uuid, md5('volunteer ben')::uuid, 0.5), (md5('workshop')::uuid, md5('volunteer eve')::uuid, 0.5);
    insert into candidate_notifications (project_id, volunteer_id, match_score, notification_batch_id, notified_at) values
      (md5('workshop')::uuid, md5('volunteer ben')::uuid, 1, gen_random_uuid(), timezone('utc', now()) - interval '1 day')`);
  await performRun(world, calculateMatches, {});
  await example.settle();
  expect(await example.query(best)).toEqual([{ title: "Workshop", both: "1", only_old: "1", only_new: "0" }]);
  const ben = { project_id: expect.any(String), volunteer_id: expect.any(String) };
  expect(await example.query(notices)).toEqual([{ only_by: "old", ...ben }]);
  await example.importHistory(sent);
  expect(await example.query(notices)).toEqual([]);
  await performRun(world, notifyProjectMatches, {});
  await example.settle();
  expect(await world.query("select title from notifications")).toEqual([]);
  expect(await world.query("select count(*)::int as n from candidate_notifications")).toEqual([{ n: 1 }]);

  await example.query("delete from candidate_notifications");
  expect(await example.query(notices)).toEqual([{ only_by: "new", ...ben }]);
  await twice(example, backOut.replace("2026-03-09", "2026-01-01"));
  expect(await example.query(notices)).toEqual([]);
  expect(await example.query("select match_score from candidate_notifications")).toEqual([
    { match_score: "1.0000" },
  ]);
});

/** Tables of CapMatch besides those of the example, and pg_cron. */
const CAPMATCH = `
  create schema cron;
  create table cron.job (jobname text);
  insert into cron.job values ('renew-calendar-watches'), ('nightly-backup');
  create function cron.unschedule(name text) returns boolean language sql as 'delete from cron.job where jobname = name returning true';
  create table meetings (id uuid primary key, title text not null);
  create table notifications (id bigserial primary key, user_id uuid not null references profiles, event_id bigint not null references domain_events,
    title text not null, created_at timestamptz not null default now(), payload jsonb default '{}');
  create table notification_processing (event_id bigint primary key references domain_events, processing_status text not null default 'pending'
    check (processing_status in ('pending', 'processing', 'completed', 'failed')), claimed_at timestamptz, completed_at timestamptz);
  create table meeting_reminders_sent (id bigserial primary key, meeting_id uuid not null references meetings, user_id uuid not null references profiles,
    reminder_type text not null check (reminder_type in ('30min', '15min', '5min')), sent_at timestamptz not null default now(),
    unique (meeting_id, user_id, reminder_type));
  create table unread_thread_stale_log (id bigserial primary key, thread_id uuid not null references chat_threads, user_id uuid not null references profiles,
    latest_message_at timestamptz not null, event_id bigint, sent_at timestamptz not null default now(), unique (thread_id, user_id, latest_message_at));`;

/**
 * A project of Ada's with a resume, and a conversation with Ben and Cleo, who have not read her message of
 * yesterday.
 */
const CONVERSATION = `
  insert into projects (id, name, owner_org_id) values (md5('pier')::uuid, 'Pier 7', md5('harbour')::uuid);
  insert into project_access_grants (project_id, user_id) select md5('pier')::uuid, md5(name)::uuid from unnest(array['ben', 'cleo']) name;
  insert into project_resumes (project_id, version_number, completeness_percent, updated_at) values (md5('pier')::uuid, 1, 40, now() - interval '2 days');
  insert into chat_threads (id, project_id, topic) values (md5('thread')::uuid, md5('pier')::uuid, 'Closing');
  insert into chat_thread_participants (thread_id, user_id, created_at)
  select md5('thread')::uuid, md5(name)::uuid, now() - interval '3 days' from unnest(array['ada', 'ben', 'cleo']) name;
  insert into project_messages (thread_id, user_id, content, created_at) values (md5('thread')::uuid, md5('ada')::uuid, 'Ready?', now() - interval '1 day');
  insert into meetings values (md5('meeting')::uuid, 'Closing');`;

/** What the old jobs have sent to Cleo, and about the resume to Ada. */
const SENT = `
  insert into meeting_reminders_sent (meeting_id, user_id, reminder_type) values (md5('meeting')::uuid, md5('cleo')::uuid, '30min');
  insert into unread_thread_stale_log (thread_id, user_id, latest_message_at) select thread_id, md5('cleo')::uuid, created_at from project_messages;
  with events as (insert into domain_events (event_type, project_id) values ('resume_incomplete_nudge', md5('pier')::uuid) returning id)
  insert into notifications (user_id, event_id, title, payload) select md5('ada')::uuid, id, 'Complete your resume',
    jsonb_build_object('type', 'resume_incomplete_nudge', 'resume_type', 'project', 'nudge_tier', 1, 'project_id', md5('pier')::uuid) from events;`;

async function capMatch() {
  const example = await installExample("supabase", { role: "service_role", schemas: ["auth", "public"] });
  await example.run("forward-events.sql");
  await example.query(CAPMATCH + CONVERSATION);
  await example.settle();
  // The example mirrors no meetings.
  await example.world.query(
    "insert into meetings (host_id, title, start_time, end_time) values (md5('meeting')::uuid, 'Closing', now(), now() + interval '1 hour')",
  );
  const statements = statementsFor("CapMatch", example.world.db.schema);
  return {
    example,
    statements: statements.map((statement) => statement.replace("2026-03-09", "2026-01-01")),
  };
}

const id = (name: string) => `md5('${name}')::uuid::text`;

it("CapMatch: notifications sent by the jobs are compared and imported, and the old jobs learn of the rest", async () => {
  const { example, statements } = await capMatch();
  const [unschedule, sent, nudges, , , remindedOf, nudgedAbout] = statements as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  await example.query(unschedule);
  expect(await example.query("select jobname from cron.job")).toEqual([{ jobname: "nightly-backup" }]);

  await example.query(SENT);
  const ids = async (...names: string[]) =>
    (await example.query(`select ${names.map((name, n) => `${id(name)} as "${n}"`).join(", ")}`)).map(
      Object.values,
    )[0] as string[];
  const [meeting, thread, pier, ada, ben, cleo] = await ids(
    "meeting",
    "thread",
    "pier",
    "ada",
    "ben",
    "cleo",
  );
  expect(await example.query(nudges)).toEqual([
    { only_by: "old", about: "meeting", id: meeting, user_id: cleo },
    { only_by: "old", about: "project resume", id: pier, user_id: ada },
    { only_by: "old", about: "thread", id: thread, user_id: cleo },
  ]);
  await example.importHistory(sent);
  expect(await example.query(nudges)).toEqual([]);

  // What Commonwork has sent after the switch.
  await example.world.query(
    `insert into meeting_reminders (meeting_id, user_id, start_time, offset_minutes, told, decided_at)
     select m.id, u.id, m.start_time, 15, true, now() from meetings m, users u where u.host_id = ${id("ben")}`,
  );
  await example.world.query(
    `insert into unread_nudges (user_id, thread_id, oldest_unread_id, step, nudged_at)
     select u.id, m.thread_id, m.id, 1, now() from messages m, users u where u.host_id = ${id("ben")}`,
  );
  expect(await example.query(nudges)).toEqual([
    { only_by: "new", about: "meeting", id: meeting, user_id: ben },
    { only_by: "new", about: "thread", id: thread, user_id: ben },
  ]);
  for (const statement of [remindedOf, nudgedAbout]) await twice(example, statement);
  expect(await example.query(nudges)).toEqual([]);
  // As the old jobs ask whether they have sent something.
  expect(
    await example.query(
      `select exists (select from meeting_reminders_sent where user_id::text = ${id("ben")} and reminder_type = '15min') as reminded,
              exists (select from unread_thread_stale_log l join project_messages m on m.created_at = l.latest_message_at
                      where l.user_id::text = ${id("ben")} and l.thread_id = m.thread_id) as nudged`,
    ),
  ).toEqual([{ reminded: true, nudged: true }]);
});

it("CapMatch: notifications of both are compared, and notify-fan-out does not repeat those of Commonwork", async () => {
  const { example, statements } = await capMatch();
  const [, , , notified, events] = statements as [string, string, string, string, string];
  // Commonwork is handed the message, and not the nudge that the old job wrote.
  await example.query(
    `insert into domain_events (event_type, actor_id, project_id, thread_id, payload)
     select 'chat_message_sent', user_id, md5('pier')::uuid, thread_id, jsonb_build_object('message_id', id) from project_messages;
     insert into domain_events (event_type, project_id, thread_id, payload)
     values ('thread_unread_stale', md5('pier')::uuid, md5('thread')::uuid, jsonb_build_object('user_id', md5('cleo')::uuid))`,
  );
  await example.settle();
  const told =
    "insert into notifications (user_id, event_id, title) select md5(name)::uuid, e.id, 'New messages' from domain_events e, unnest(array";
  const ofMessages = ") name where e.event_type = 'chat_message_sent'";
  await example.query(`${told}['ada', 'ben']${ofMessages}`);
  const about = { event_type: "chat_message_sent", about: expect.any(String) };
  const users = await example.query(`select ${id("ada")} as ada, ${id("cleo")} as cleo`);
  expect(await example.query(notified)).toEqual([
    { only_by: "new", ...about, user_id: users[0]?.["cleo"] },
    { only_by: "old", ...about, user_id: users[0]?.["ada"] },
  ]);
  await example.query(`delete from notifications; ${told}['ben', 'cleo']${ofMessages}`);
  expect(await example.query(notified)).toEqual([]);

  await example.query(
    "insert into notification_processing (event_id, processing_status) select min(id), 'failed' from domain_events",
  );
  await twice(example, events);
  expect(
    await example.query("select processing_status from notification_processing order by event_id"),
  ).toEqual([{ processing_status: "failed" }, { processing_status: "completed" }]);
});

it("Decidim Volunteer Scheduler: amounts and multipliers are compared, and what Commonwork has paid is carried over", async () => {
  const example = await installExample("rails", { role: "rails_app", schemas: ["public"] });
  const [multipliers, commissions, backOut] = statementsFor(
    "Decidim Volunteer Scheduler",
    example.world.db.schema,
  ) as [string, string, string];
  await example.settle();
  await example.play();
  await example.commonwork("sale", "--user-id", "15", "--amount", "100", "--transaction-id", "sale-1");
  await example.settle();
  // The old job has paid Ben the same and Cleo less, and has recorded XP, which are no money.
  await example.query(`
    create table decidim_volunteer_scheduler_volunteer_profiles (id bigserial primary key, activity_multiplier decimal(5, 2) not null default 1.0);
    create table decidim_volunteer_scheduler_scicent_transactions (id bigserial primary key,
      volunteer_profile_id bigint not null references decidim_volunteer_scheduler_volunteer_profiles, transaction_type int not null,
      amount decimal(10, 2) not null, description text not null, created_at timestamp not null, updated_at timestamp not null);
    insert into decidim_volunteer_scheduler_volunteer_profiles (id, activity_multiplier)
    select p.id, case u.name when 'Cleo' then 1.5 else 1 end from volunteer_profiles p join users u on u.id = p.user_id;
    insert into decidim_volunteer_scheduler_scicent_transactions (volunteer_profile_id, transaction_type, amount, description, created_at, updated_at)
    select p.id, t.type, t.amount, '', timezone('utc', now()), timezone('utc', now())
    from (values ('Ben', 1, 8), ('Ben', 0, 50), ('Cleo', 1, 7.5)) t (name, type, amount)
    join users u using (name) join volunteer_profiles p on p.user_id = u.id`);
  const profileOf = async (name: string) =>
    (
      await example.query(
        `select p.id::text from volunteer_profiles p join users u on u.id = p.user_id where u.name = '${name}'`,
      )
    )[0]?.["id"];
  const cleo = await profileOf("Cleo");
  expect(await example.query(multipliers)).toEqual([{ id: cleo, theirs: "1.50", ours: "1.00" }]);
  expect(await example.query(commissions)).toEqual([{ id: cleo, theirs: "7.50", ours: "10.000000" }]);

  await twice(example, backOut);
  expect(
    await example.query(
      `select volunteer_profile_id::text as id, transaction_type, amount from decidim_volunteer_scheduler_scicent_transactions
       where description like 'Commonwork %' order by amount`,
    ),
  ).toEqual([
    { id: await profileOf("Ben"), transaction_type: 1, amount: "8.00" },
    { id: cleo, transaction_type: 1, amount: "10.00" },
  ]);
});

it("Job recommendations: lists that differ by more than half are found, by title and company", async () => {
  const example = await installExample("fastapi", { role: "fastapi_app", schemas: ["auth", "public"] });
  const [compared] = statementsFor("Job recommendations", example.world.db.schema) as [string];
  await example.settle();
  await example.run("postings.sql");
  await example.play();
  await example.run("postings.sql");
  await example.settle();
  // Dora has one recommendation by either job, the same one. Of Ben's three that count, one is on both lists.
  await example.query(`
    create table job_recommendations (id uuid primary key default gen_random_uuid(), user_id uuid not null references users,
      job_id uuid not null references jobs, match_score float not null, expires_at timestamptz not null, unique (user_id, job_id));
    insert into jobs (id, title, company, description) values
      (md5('job 1 again')::uuid, 'PYTHON developer', 'Harbour Tech', ''), (md5('job 4')::uuid, 'Cook', 'Kitchen', ''), (md5('job 5')::uuid, 'Baker', 'Oven', '');
    insert into job_recommendations (user_id, job_id, match_score, expires_at) values
      (md5('dora')::uuid, md5('job 1')::uuid, 0.9, now() + interval '1 day'),
      (md5('ben')::uuid, md5('job 1')::uuid, 0.9, now() + interval '1 day'),
      (md5('ben')::uuid, md5('job 1 again')::uuid, 0.9, now() + interval '1 day'),
      (md5('ben')::uuid, md5('job 2')::uuid, 0.8, now() - interval '1 day'),
      (md5('ben')::uuid, md5('job 4')::uuid, 0.8, now() + interval '1 day'),
      (md5('ben')::uuid, md5('job 5')::uuid, 0.8, now() + interval '1 day')`);
  expect(await example.query(compared)).toEqual([{ user_id: expect.any(String), both: "1", theirs: "3" }]);
});

it("The social site: lists of pairs that differ by more than half are found", async () => {
  const database = await scratchDatabase();
  const { app } = await deployWithRoles(database);
  const world = await createWorld({ database: app });
  const [table, compared] = statementsFor("The social site", world.db.schema) as [string, string];
  await pairLists(world, await people(world, 3), "served", 0.5);
  await database.query(table);
  // As `\\copy` loads it: u-1 has the same list, u-2 one of three.
  await database.query(
    `insert into theirs values ('u-1', 'u-2', 0.9), ('u-1', 'u-3', 0.8), ('u-2', 'u-1', 0.9), ('u-2', 'u-8', 0.8), ('u-2', 'u-9', 0.7)`,
  );
  expect(await database.query(compared)).toEqual([{ user_id: "u-2", both: "1", theirs: "3" }]);
});
