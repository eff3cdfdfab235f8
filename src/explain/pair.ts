import { sql } from "drizzle-orm";
import { ENTRIES } from "../db/pair-entries.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { servedId } from "../db/versions.ts";
import { formatInstant } from "../format-instant.ts";
import { personRow } from "../people/person-facts.ts";
import { distanceText } from "../scoring/distance.ts";
import { hiddenTerms } from "../scoring/people/hidden-terms.ts";
import { type Person, preparePerson } from "../scoring/people/person.ts";
import { factsOf, type PersonRow } from "../scoring/people/read-facts.ts";
import {
  distanceBetween,
  PAIR_WEIGHTS,
  type PairTerm,
  type PairTier,
  scorePair,
} from "../scoring/people/score-pair.ts";
import { servedScore } from "../scoring/people/served-score.ts";
import { type Explanation, rowOf, step } from "./explanation.ts";

const ID = /^([1-9]\d{0,14}):([1-9]\d{0,14})$/;

/** A pair that is on a list, with the facts that it was scored from. */
type Pair = {
  tier: PairTier;
  /** An f32 as Postgres writes it, with the shortest exact digits. */
  score: number;
  rank: number;
  size: number;
  asOf: string;
  algoVersion: number;
  /** Of both: JSON of PersonRow. */
  viewer: string | null;
  candidate: string | null;
  hidden: string[];
};

/**
 * Explains the pair score `<userId>:<candidateId>`: scores the pair again from the facts of the stored list,
 * and compares. Only pairs on the user's lists are explained, and only with what the user may know: scores in
 * steps of 0.05, distances in steps, no ratings.
 */
export async function explainPair(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [, userId, candidateId] = ID.exec(id) ?? [];
  if (userId === undefined || candidateId === undefined) return undefined;
  const pair = await readPair(on, userId, candidateId);
  if (pair?.viewer == null || pair.candidate === null) return undefined;
  const asOf = new Date(pair.asOf);
  const [viewer, candidate] = [personOf(pair.viewer, asOf), personOf(pair.candidate, asOf)];
  const { score, tier, terms } = scorePair(viewer, candidate);
  const agrees = Math.fround(score) === Math.fround(pair.score) && tier === pair.tier;
  return {
    kind: "pair",
    id,
    title: `User ${rowOf("users", candidateId)} for user ${rowOf("users", userId)}`,
    ownerUserId: userId,
    agrees,
    faults: agrees
      ? []
      : ["score: another one is stored than comes out; the next run of match-scores will update it"],
    steps: [
      ...(Object.keys(PAIR_WEIGHTS) as PairTerm[]).map((term) =>
        step(term, termText(term, terms[term], { viewer, candidate, untold: hiddenTerms(pair.hidden) })),
      ),
      step("score", `about ${servedScore(score)}, from 0 to 1`),
      step(
        "tier",
        tier === "A"
          ? "A: all of the user's preferences are met"
          : "B: not all of the user's preferences are met",
      ),
      step("list", `rank ${pair.rank} of ${pair.size} in tier ${pair.tier}`),
      step("computed", `as of ${formatInstant(asOf)}, version ${pair.algoVersion}`),
    ],
  };
}

async function readPair(on: Queryable, userId: string, candidateId: string): Promise<Pair | undefined> {
  const facts = (user: string) =>
    sql`(select ${personRow(sql`l.facts`)} from pair_people l where l.version = v.id and l.user_id = ${user})`;
  const [found] = await rows<Pair>(
    on,
    sql`select s.tier, s.score, s.rank::int as rank, s.size::int as size, v.as_of as "asOf", v.algo_version as "algoVersion",
               ${facts(userId)} as viewer, ${facts(candidateId)} as candidate, f.hidden_attributes as hidden
        from list_versions v
        join pair_people c on c.version = v.id and c.user_id = ${candidateId}
        join pair_people o on o.version = v.id and o.user_id = ${userId}
        join pair_lists l on l.version = v.id and l.user_id = o.user_id
        cross join lateral (
          select l.tier, p.candidate_id, p.score, count(*) over () as size,
                 row_number() over (order by p.score desc, p.candidate_id) as rank
          from ${ENTRIES} p) s
        join profiles f on f.user_id = c.user_id
        where v.id = ${servedId("pairs")} and s.candidate_id = c.user_id and may_see(${userId}, ${candidateId})`,
  );
  return found;
}

const personOf = (row: string, asOf: Date): Person =>
  preparePerson(factsOf(JSON.parse(row) as PersonRow), asOf.getTime());

type Both = {
  readonly viewer: Person;
  readonly candidate: Person;
  /** The facts that the candidate hides. */
  readonly untold: ReadonlySet<PairTerm>;
};

/** The explanation of a term, in as much detail as the user may know. */
function termText(term: PairTerm, value: number, both: Both): string {
  const weight = `counts ${PAIR_WEIGHTS[term]} of 1`;
  if (both.untold.has(term)) return `${weight}: hidden`;
  switch (term) {
    case "quality":
      return `${weight}: what others think of them`;
    case "fit":
      return `${weight}: whether they are of the kind that the user likes`;
    case "proximity":
      return `${weight}: ${proximityText(both)}`;
    default:
      return `${weight}: ${shareText(value)}`;
  }
}

const shareText = (value: number): string => `about ${servedScore(value)}, from 0 to 1`;

function proximityText({ viewer, candidate }: Both): string {
  const km = distanceBetween(viewer, candidate);
  return km === null ? "the location of one of them is not known" : distanceText(km);
}
