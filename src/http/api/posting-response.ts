import { sourceNamed } from "../../ports/postings/index.ts";
import type { ApplicationStatus } from "../../postings/feedback.ts";
import type { ListedPosting } from "../../postings/listed-postings.ts";
import type { Recommended } from "../../postings/served-lists.ts";
import { reasonsOf } from "../../scoring/postings/recommend/components.ts";
import type { ServedEntry } from "../../scoring/postings/serve-list.ts";
import { SKILLS } from "../../scoring/postings/skills/vocabulary.ts";

const skillNames = new Map(SKILLS.map(({ key, name }) => [key, name]));

/** Converts a score from 0 to 1 to that of the API: times 100, with one decimal. */
export const shownScore = (score: number): number => Math.round(score * 1_000) / 10;

/** The JSON form of a posting. */
export const postingResponse = (
  posting: ListedPosting,
  status: ApplicationStatus | null,
  recommended: ServedEntry<Recommended> | null,
) => ({
  id: posting.reference,
  title: posting.title,
  company: posting.company,
  location: posting.location,
  job_link: posting.link,
  source: posting.source,
  attribution: sourceNamed(posting.source)?.terms.attribution ?? null,
  posted_date: posting.postedAt.toISOString(),
  valid_through: posting.validThrough?.toISOString() ?? null,
  job_type: posting.jobType,
  remote_type: posting.remoteType,
  salary: salaryOf(posting),
  application_status: status,
  match_score: recommended === null ? null : shownScore(recommended.score),
  match_reasons:
    recommended === null ? [] : reasonsOf(recommended.entry.components, (key) => skillNames.get(key)),
  expires_at: recommended?.entry.expiresAt.toISOString() ?? null,
});

const salaryOf = ({ salaryMin, salaryMax, salaryCurrency, salaryPeriod, salaryRaw }: ListedPosting) =>
  salaryMin === null && salaryMax === null && salaryRaw === null
    ? null
    : {
        min: salaryMin,
        max: salaryMax,
        currency: salaryCurrency,
        period: salaryPeriod,
        raw: salaryRaw,
      };

/** The JSON form of a page of postings. */
export const pageResponse = <Posting>(
  jobs: readonly Posting[],
  { total, page, pageSize }: { readonly total: number; readonly page: number; readonly pageSize: number },
) => ({ jobs, total, page, page_size: pageSize, total_pages: Math.ceil(total / pageSize) });
