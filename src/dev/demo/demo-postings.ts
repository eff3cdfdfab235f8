import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";

const POSTINGS = [
  ["Community Manager", "Green Streets", "You plan events, write newsletters and coordinate volunteers."],
  ["Backend Developer", "Civic Data Lab", "TypeScript, PostgreSQL and Redis; Docker is a plus."],
  ["Data Analyst", "Open City", "SQL, Python and data visualization for public budgets."],
  ["Fundraising Lead", "River Trust", "Grant writing, donor relations and budgeting."],
] as const;

/** Four employers advertise, and two volunteers of an organization upload their CVs. */
export async function peopleLookForWork(scene: {
  readonly db: Database;
  readonly organizationIds: readonly string[];
  readonly name: string;
}): Promise<object> {
  const { db, organizationIds, name } = scene;
  await inTransaction(db, async (tx) => {
    await tx.execute(
      sql`insert into jobs (title, company, description, location, remote_type, posted_date, job_link)
          select title, company, description, 'Remote', 'remote', now() - interval '3 hours',
                 'https://jobs.example/' || ${name}::text || '/' || n
          from unnest(${array(POSTINGS.map(([title]) => title))}::text[], ${array(POSTINGS.map(([, company]) => company))}::text[],
                      ${array(POSTINGS.map(([, , text]) => text))}::text[]) with ordinality as p(title, company, description, n)`,
    );
    const people = await rows<{ id: string }>(
      tx,
      sql`select user_id as id from volunteer_profiles where organization_id = ${organizationIds[0]} order by id desc limit 2`,
    );
    await tx.execute(
      sql`with profile as (
            insert into user_profiles (user_id, primary_job_title, work_preference)
            select id, title, 'remote'
            from unnest(${array(people.map(({ id }) => id))}::bigint[], array['Backend Developer', 'Fundraising Lead']) as p(id, title)
            where id is not null
            on conflict (user_id) do nothing)
          insert into cvs (user_id, parsed_content)
          select id, jsonb_build_object('skills', skills)
          from unnest(${array(people.map(({ id }) => id))}::bigint[],
                      array['["TypeScript", "PostgreSQL", "Redis", "Docker"]'::jsonb, '["Grant writing", "Budgeting"]'::jsonb]) as p(id, skills)
          where id is not null
          on conflict do nothing`,
    );
  });
  return {};
}
