import type { RecommendUser } from "./facts.ts";

/**
 * The fields of a user in this order, without the id. Sets and maps are lists; numbers of salaries are texts.
 */
type Packed = readonly [
  skills: RecommendUser["skills"],
  targets: RecommendUser["targets"],
  level: RecommendUser["level"],
  wantsRemote: boolean,
  remoteOnly: boolean,
  salary: readonly [yearly: string, currency: string] | null,
  excludedKeywords: RecommendUser["excludedKeywords"],
  blacklist: readonly string[],
  freshnessDays: number,
  hidden: readonly number[],
  dismissedCompanies: readonly (readonly [string, number])[],
  dismissedWords: readonly string[],
  seenDays: readonly (readonly [number, number])[],
  interests: readonly string[],
];

/** Writes the facts of a user as JSON, without their id. Skills are those of this vocabulary. */
export const packUser = (user: RecommendUser): string =>
  JSON.stringify([
    user.skills,
    user.targets,
    user.level,
    user.wantsRemote,
    user.remoteOnly,
    // JSON has no infinity, which a host may store.
    user.salary && [String(user.salary.yearly), user.salary.currency],
    user.excludedKeywords,
    [...user.blacklist],
    user.freshnessDays,
    [...user.hidden],
    [...user.dismissedCompanies],
    [...user.dismissedWords],
    [...user.seenDays],
    [...user.interests],
  ] satisfies Packed);

/** Reads what `packUser` has written. */
export function unpackUser(id: number, packed: string): RecommendUser {
  const [skills, targets, level, wantsRemote, remoteOnly, salary, excludedKeywords, blacklist, ...others] =
    JSON.parse(packed) as Packed;
  const [freshnessDays, hidden, dismissedCompanies, dismissedWords, seenDays, interests] = others;
  return {
    id,
    skills,
    targets,
    level,
    wantsRemote,
    remoteOnly,
    salary: salary && { yearly: Number(salary[0]), currency: salary[1] },
    excludedKeywords,
    blacklist: new Set(blacklist),
    freshnessDays,
    hidden: new Set(hidden),
    dismissedCompanies: new Map(dismissedCompanies),
    dismissedWords: new Set(dismissedWords),
    seenDays: new Map(seenDays),
    interests: new Set(interests),
  };
}
