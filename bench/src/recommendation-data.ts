import { seededRandom } from "../../src/random.ts";
import type { PostingRow, UserRow } from "../../src/scoring/postings/recommend/read-facts.ts";
import { SKILLS } from "../../src/scoring/postings/skills/vocabulary.ts";
import type { Scratch } from "./database.ts";

const SEED = 83;
const USER_SKILLS = 10;
const POSTING_SKILLS = 8;
const WORDS_BETWEEN = 10;
const COMPANIES = 2_000;
const DAY_MS = 86_400_000;
const ROLES = (
  "backend engineer,frontend engineer,data analyst,data engineer,nurse,baker,truck driver,teacher,accountant,product designer," +
  "support agent,carpenter,sales manager,project manager,recruiter,electrician,editor,cook,gardener,social worker"
).split(",");
const LEVELS = ["", "", "Junior ", "Senior ", "Lead "];

type Drawn = { readonly title: string; readonly skills: readonly string[] };

/** Titles and skills, by Zipf's law (exponent 1) over the vocabulary. The same in every run. */
function drawer(seed: number) {
  const { next } = seededRandom(seed);
  // Skills of one word that never is another: the first of each kind would not be the common ones.
  const names = SKILLS.filter(({ spellings }) => !spellings[0]?.isAmbiguous).map(({ name }) => name);
  const order = names.map((name) => ({ name, at: next() })).sort((a, b) => a.at - b.at);
  const draw = (count: number): Drawn => {
    const skills = new Set<string>();
    while (skills.size < count) {
      const rank = Math.floor(order.length ** next()) - 1;
      skills.add(order[rank]?.name ?? names[0] ?? "");
    }
    const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T;
    return { title: `${pick(LEVELS)}${pick(ROLES)}`, skills: [...skills] };
  };
  const words = (count: number) =>
    Array.from({ length: count }, () => `w${Math.floor(2_000 * next() ** 2).toString(36)}`).join(" ");
  return { next, draw, words };
}

/** Users with a CV of ten skills, a title, and half of them with further wishes. */
export function planUsers(count: number): UserRow[] {
  const { next, draw } = drawer(SEED);
  return Array.from({ length: count }, (_, n) => {
    const { title, skills } = draw(USER_SKILLS);
    const isParticular = next() < 0.5;
    return {
      id: n + 1,
      parsedContent: { skills },
      rawText: null,
      profile: {
        primaryJobTitle: title,
        secondaryJobTitles: [],
        seniorityLevel: null,
        workPreference: isParticular ? "remote" : null,
        technicalSkills: [],
        tools: [],
        salaryMin: isParticular ? 40_000 : null,
        salaryCurrency: isParticular ? "EUR" : null,
        preferredKeywords: [],
        excludedKeywords: isParticular ? [`w${Math.floor(next() * 2_000).toString(36)} commission`] : [],
        blacklistedCompanies: isParticular ? [`Company ${Math.floor(next() * COMPANIES)}`] : [],
        freshnessDays: 30,
      },
      hidden: [],
      dismissals: [],
      liked: [],
      seen: [],
    };
  });
}

/** Postings of about 100 words with eight skills, first stored between `fromMs` and `toMs`. */
export function planPostingRows(
  count: number,
  { firstId, fromMs, toMs }: { readonly firstId: number; readonly fromMs: number; readonly toMs: number },
): PostingRow[] {
  const { next, draw, words } = drawer(SEED + firstId);
  return Array.from({ length: count }, (_, n) => {
    const { title, skills } = draw(POSTING_SKILLS);
    const scrapedAt = Math.floor(fromMs + next() * (toMs - fromMs));
    return {
      id: firstId + n,
      cluster: null,
      title,
      company: `Company ${Math.floor(COMPANIES * next() ** 2)}`,
      description: skills.map((skill) => `${words(WORDS_BETWEEN)} ${skill},`).join(" "),
      isRemote: next() < 0.4,
      salaryMin: null,
      salaryMax: next() < 0.3 ? 30_000 + Math.floor(next() * 60_000) : null,
      salaryCurrency: "EUR",
      salaryPeriod: "year",
      postedAt: scrapedAt,
      scrapedAt,
    };
  });
}

const CHUNK = 10_000;

/** Loads users whose facts last changed ten days ago. */
export async function loadUsers(scratch: Scratch, users: readonly UserRow[]): Promise<void> {
  const old = new Date(Date.now() - 10 * DAY_MS);
  for (let from = 0; from < users.length; from += CHUNK) {
    const rows = JSON.stringify(users.slice(from, from + CHUNK));
    const each = 'from json_to_recordset($1::json) as r(id bigint, "parsedContent" jsonb, profile json)';
    await scratch.sql(`insert into users (id, name) select id, 'User' ${each}`, [rows]);
    await scratch.sql(
      `insert into cvs (user_id, parsed_content, updated_at) select id, "parsedContent", $2 ${each}`,
      [rows, old],
    );
    await scratch.sql(
      `insert into user_profiles (user_id, primary_job_title, work_preference, salary_range_min, salary_currency, excluded_keywords,
                                  blacklisted_companies, updated_at)
       select id, profile->>'primaryJobTitle', profile->>'workPreference', (profile->>'salaryMin')::float8, profile->>'salaryCurrency',
              array(select json_array_elements_text(profile->'excludedKeywords')),
              array(select json_array_elements_text(profile->'blacklistedCompanies')), $2 ${each}`,
      [rows, old],
    );
  }
}

/** Stores postings as they were found then. */
export async function loadPostings(scratch: Scratch, postings: readonly PostingRow[]): Promise<void> {
  for (let from = 0; from < postings.length; from += CHUNK)
    await scratch.sql(
      `insert into jobs (id, title, company, description, remote_type, salary_max, salary_currency, salary_period, posted_date, scraped_at, updated_at)
       select id, title, company, description, case when "isRemote" then 'remote' else 'onsite' end, "salaryMax", "salaryCurrency", "salaryPeriod",
              to_timestamp("postedAt" / 1e3), to_timestamp("scrapedAt" / 1e3), to_timestamp("scrapedAt" / 1e3)
       from json_to_recordset($1::json) as r(id bigint, title text, company text, description text, "isRemote" boolean, "salaryMax" float8,
                                             "salaryCurrency" text, "salaryPeriod" text, "postedAt" float8, "scrapedAt" float8)`,
      [JSON.stringify(postings.slice(from, from + CHUNK))],
    );
}
