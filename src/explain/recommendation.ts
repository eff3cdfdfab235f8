import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { formatInstant } from "../format-instant.ts";
import { isId, isUuid } from "../ids.ts";
import { latestRarity, rarityWithId, versionParts } from "../postings/recommend/rarities.ts";
import { POSTING_ROW } from "../postings/recommend/read-postings.ts";
import { readFewUsers } from "../postings/recommend/read-users.ts";
import { storedCosine } from "../postings/recommend/vectors.ts";
import { LIST_SIZES, servedCount } from "../scoring/postings/recommend/diversity.ts";
import type { EmbeddedUserRow } from "../scoring/postings/recommend/embedding-text.ts";
import type { Rarity, RecommendPosting, RecommendUser } from "../scoring/postings/recommend/facts.ts";
import { postingFacts, readUser } from "../scoring/postings/recommend/read-facts.ts";
import {
  type Exclusion,
  exclusionOf,
  RECOMMEND_LIMITS,
  type ScoreTerms,
  scoreOf,
  termsOf,
} from "../scoring/postings/recommend/score-posting.ts";
import { type Explanation, mismatches, rowOf, type Step, step } from "./explanation.ts";
import { scoreSteps } from "./recommendation-score.ts";

/** The stored facts about a user and a posting. */
type Pair = {
  postingId: string;
  publicId: string;
  title: string;
  company: string;
  isOpen: boolean;
  /** The public id of the copy that is shown instead; null when it is shown itself. */
  shownCopy: string | null;
  /** A PostingRow as JSON. */
  posting: string;
  /** Null: the user has no list. */
  asOf: string | null;
  algoVersion: string | null;
  floor: number | null;
  first: number;
  size: number;
  /** From 1; null when the posting is not on the list. */
  rank: number | null;
  score: number | null;
  /** The stored cosine of a list with embeddings, rounded; null otherwise. */
  storedSemantic: number | null;
  isExpired: boolean;
};

/** The facts of a pair, and the score computed from them. */
type Scored = {
  readonly user: RecommendUser;
  readonly posting: RecommendPosting;
  readonly rarity: Rarity;
  readonly exclusion: Exclusion | null;
  readonly terms: ScoreTerms;
  readonly score: number;
};

/**
 * Explains the recommendation `<userId>:<postingId>`, the posting by its public id: scores the pair as of the
 * instant of the stored list, compares that with what is stored, and says why the posting is or is not shown.
 */
export async function explainRecommendation(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [userId = "", reference = "", ...rest] = id.split(":");
  if (!isId(userId) || rest.length > 0) return undefined;
  const pair = await readPair(on, userId, reference);
  if (!pair) return undefined;
  const scored = await scorePair(on, userId, pair);
  const faults = scored === null ? [] : faultsOf(pair, scored);
  return {
    kind: "recommendation",
    id,
    title: `Posting ${pair.publicId}, ${pair.title} at ${pair.company}, for user ${rowOf("users", userId)}`,
    agrees: faults.length === 0,
    faults: faults.map((fault) => `${fault}; the next run of generate-recommendations will update it`),
    steps: [
      ...reasonsAgainst(pair, scored),
      ...(scored === null ? [] : scoreSteps(scored.user, scored.posting, scored.rarity, scored)),
      ...listSteps(pair, scored),
    ],
    ownerUserId: userId,
  };
}

async function readPair(on: Queryable, userId: string, reference: string): Promise<Pair | undefined> {
  if (!isId(reference) && !isUuid(reference)) return undefined;
  const isReferred = isUuid(reference) ? sql`j.public_id = ${reference}` : sql`j.id = ${reference}`;
  const [found] = await rows<Pair>(
    on,
    sql`select j.id as "postingId", j.public_id as "publicId", j.title, j.company, j.status = 'open' as "isOpen",
               case when not j.is_preferred then (select c.public_id from jobs c where c.cluster = j.cluster and c.is_preferred) end as "shownCopy",
               ${POSTING_ROW}::text as posting, l.as_of as "asOf", l.algo_version as "algoVersion", l.floor_score as floor,
               coalesce(l.first_places, 0) as first, coalesce(cardinality(l.posting_ids), 0) as size, e.n as rank,
               l.scores[e.n] as score, coalesce(to_timestamp(l.created_at[e.n] + 259200) <= now(), false) as "isExpired",
               nullif(get_byte(l.components, (e.n - 1) * 24 + 16) * 256 + get_byte(l.components, (e.n - 1) * 24 + 17), 65535) / 10000.0::float8
                 as "storedSemantic"
        from users u cross join jobs j
        left join recommendation_lists l on l.user_id = u.id
        left join lateral (select array_position(l.posting_ids, j.id) as n) e on true
        where u.id = ${userId} and u.erased_at is null and ${isReferred}`,
  );
  return found;
}

/** @returns null without an active CV, or before any weights of skills are stored. */
async function scorePair(on: Queryable, userId: string, pair: Pair): Promise<Scored | null> {
  const asOf = pair.asOf === null ? new Date() : new Date(pair.asOf);
  const users = await readFewUsers(on, { ids: [userId] }, { asOf, texts: true });
  const [row] = JSON.parse(users) as EmbeddedUserRow[];
  const version = versionParts(pair.algoVersion);
  const rarity =
    (version === null ? null : await rarityWithId(on, version.rarityId)) ?? (await latestRarity(on));
  if (row === undefined || rarity === null) return null;
  const postingRow = JSON.parse(pair.posting);
  const [user, posting] = [readUser(row), postingFacts(postingRow)];
  const model = version?.model ?? null;
  const semantic =
    model === null ? null : ((await storedCosine(on, model, row, postingRow)) ?? pair.storedSemantic);
  const terms = termsOf(user, posting, { rarity: rarity.weights, asOf: asOf.getTime(), semantic });
  return {
    user,
    posting,
    rarity: rarity.weights,
    exclusion: exclusionOf(user, posting, asOf.getTime()),
    terms,
    score: scoreOf(terms),
  };
}

/** The rounding of the stored cosine changes a score by less than this. */
const ROUNDING = 0.000_05;

function faultsOf(pair: Pair, scored: Scored): string[] {
  const { score, algoVersion, storedSemantic } = pair;
  const version = versionParts(algoVersion);
  const faults =
    algoVersion !== null && version === null ? [`version: the list is of version ${algoVersion}`] : [];
  if (score === null) return faults;
  const expected = scored.exclusion === null ? scored.score : null;
  const isRounded = expected !== null && storedSemantic !== null && Math.abs(expected - score) < ROUNDING;
  return isRounded ? faults : [...faults, ...mismatches([["score", score, expected]])];
}

const EXCLUSIONS: Readonly<Record<Exclusion, string>> = {
  "outside-window": "it was first stored more than seven days before the list was computed, or after it",
  hidden: "the user applied for it, dismissed it or hid it, or a copy of it",
  "blacklisted-company": "the user blacklisted its company",
  "excluded-keyword": "it contains a keyword that the user excludes",
  "not-remote": "the user takes remote work only",
  "too-old": "it is older than the user wants postings to be",
  "seen-too-often": `it was seen on ${RECOMMEND_LIMITS.seen.outFromDay} days or more without a click`,
};

function reasonsAgainst(pair: Pair, scored: Scored | null): Step[] {
  const steps: Step[] = [];
  if (!pair.isOpen) steps.push(step("posting", "closed: only open postings are recommended"));
  if (pair.shownCopy !== null)
    steps.push(step("posting", `a copy: posting ${pair.shownCopy} is shown instead`));
  if (scored === null)
    steps.push(
      step("user", "no recommendations: they have no active CV, or no run has weighed the skills yet"),
    );
  else if (scored.exclusion !== null) steps.push(step("excluded", EXCLUSIONS[scored.exclusion]));
  return steps;
}

function listSteps(pair: Pair, scored: Scored | null): Step[] {
  const { size, first, rank, asOf, algoVersion, floor } = pair;
  if (asOf === null || algoVersion === null)
    return [step("list", "none: the user's recommendations have not been computed")];
  const served = servedCount(size, first);
  const computed = step(
    "computed",
    `as of ${formatInstant(asOf)}, version ${algoVersion}: ${size} stored, the first ${served} shown, nothing else scored more than ${floor}`,
  );
  if (rank === null) return [computed, step("list", `not on it: ${whyAbsent(pair, scored)}`)];
  if (pair.isExpired) return [computed, step("list", `rank ${rank}, expired`)];
  if (rank <= served) return [computed, step("list", `rank ${rank} of ${served}`)];
  const why =
    first < LIST_SIZES.first
      ? `at most ${LIST_SIZES.perCompany} of one company are among the first ${LIST_SIZES.first}`
      : `only the first ${LIST_SIZES.served} are shown`;
  return [computed, step("list", `rank ${rank} of ${size} stored, not shown: ${why}`)];
}

function whyAbsent({ floor, isOpen, shownCopy }: Pair, scored: Scored | null): string {
  if (scored === null || !isOpen || shownCopy !== null || scored.exclusion !== null) return "see above";
  if (scored.score < RECOMMEND_LIMITS.minimum) return `it scores less than ${RECOMMEND_LIMITS.minimum}`;
  if (floor !== null && scored.score <= floor)
    return "the list is full of postings that score at least as much";
  return "it was stored, or the user's facts changed, after the list was computed";
}
