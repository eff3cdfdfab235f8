import { sql } from "drizzle-orm";
import { recommendationsReport } from "../../cli/recommendations-report.ts";
import { formatTable } from "../../cli/table.ts";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { formatNumber } from "../../format-counts.ts";
import type { Run } from "../../queues/runs.ts";
import { generateRecommendations } from "../../workers/recommendations/generate-recommendations.ts";
import { left, reportSection, right } from "./demo-report.ts";

type Scene = { readonly db: Database; readonly organizationIds: readonly string[] };

/** The job preferences and CVs of people in the demo. */
const JOB_SEEKERS = [
  {
    title: "Backend Developer",
    level: "senior",
    work: "remote",
    cv: {
      summary:
        "Eight years of web services, three of them for public administrations. I like boring databases.",
      skills: ["TypeScript", "Node.js", "PostgreSQL", "Redis", "Docker", "Python", "GitHub Actions"],
      experience: [
        { title: "Backend Developer", company: "City of Freiburg", years: 3 },
        { title: "Web Developer", company: "Pixel and Partner", years: 5 },
      ],
    },
  },
  {
    title: "Fundraising Lead",
    level: "lead",
    work: "flexible",
    cv: {
      summary: "I have raised money for hospices, museums and one lighthouse.",
      skills: ["Grant writing", "Fundraising", "Budgeting", "Salesforce", "Project management"],
      experience: [{ title: "Fundraising Manager", company: "Friends of the Lighthouse", years: 6 }],
    },
  },
  {
    title: "Data Analyst",
    level: "mid",
    work: "remote",
    cv: {
      summary: "Statistician who explains things. Transport and housing.",
      skills: ["SQL", "Python", "pandas", "Tableau", "Excel", "Statistics"],
      experience: [{ title: "Analyst", company: "Regional Transport Office", years: 4 }],
    },
  },
  {
    title: "Community Manager",
    level: "mid",
    work: "onsite",
    cv: {
      summary: "I have organized street festivals for ten years, mostly in the rain.",
      skills: ["Event planning", "Social media", "Public speaking", "Project management", "First aid"],
      experience: [{ title: "Volunteer Coordinator", company: "Open Streets", years: 10 }],
    },
  },
] as const;

/** Some volunteers of the first organization look for work and upload their CVs. */
export async function peopleLookForWork({ db, organizationIds }: Scene): Promise<object> {
  const column = <T>(read: (seeker: (typeof JOB_SEEKERS)[number]) => T) => array(JOB_SEEKERS.map(read));
  await inTransaction(db, async (tx) => {
    const people = await rows<{ id: string }>(
      tx,
      sql`select user_id as id from volunteer_profiles where organization_id = ${organizationIds[0]}
          order by id desc limit ${JOB_SEEKERS.length}`,
    );
    await tx.execute(
      sql`with seeker as (
            select * from unnest(${array(people.map(({ id }) => id))}::bigint[], ${column(({ title }) => title)}::text[],
                                 ${column(({ level }) => level)}::text[], ${column(({ work }) => work)}::text[],
                                 ${column(({ cv }) => JSON.stringify(cv))}::text[]) as s(id, title, level, work, cv)),
          profile as (
            insert into user_profiles (user_id, primary_job_title, seniority_level, work_preference)
            select id, title, level, work from seeker
            on conflict (user_id) do nothing)
          insert into cvs (user_id, parsed_content) select id, cv::jsonb from seeker
          on conflict do nothing`,
    );
  });
  return {};
}

type Best = {
  name: string;
  score: number;
  title: string;
  company: string;
  source: string;
  reason: string;
};

/** The report of the run that generated recommendations, and the best one of each user. */
export async function recommendationsText(db: Database, runs: readonly Run[]): Promise<string> {
  const run = runs.find(({ job }) => job === generateRecommendations.name);
  const report = run && (await recommendationsReport(db, run));
  const best = await rows<Best & { recommendations: number; users: number }>(
    db.drizzle,
    sql`with ranked as (
          select r.*, row_number() over (partition by r.user_id order by r.match_score desc, r.job_id) as rank,
                 count(*) over ()::int as recommendations
          from job_recommendations r)
        select u.name, round(r.match_score * 100)::int as score, j.title, j.company, j.source, coalesce(r.match_reason, '') as reason,
               r.recommendations, count(*) over ()::int as users
        from ranked r join users u on u.id = r.user_id join jobs j on j.id = r.job_id
        where r.rank = 1 order by r.match_score desc, u.id`,
  );
  const [first] = best;
  const table = reportSection(
    `${formatNumber(first?.recommendations ?? 0)} job recommendations for ${formatNumber(first?.users ?? 0)} users; the best of each`,
    formatTable(
      [left("User"), right("Score"), left("Posting"), left("Company"), left("Source"), left("Reason")],
      best.map(({ name, score, title, company, source, reason }) => [
        name,
        score,
        title,
        company,
        source,
        reason,
      ]),
    ),
  );
  return `${report ? reportSection("As `commonwork run generate-recommendations` reports it", report) : ""}${table}`;
}
