import { type ClosedList, compareRanks, openList } from "./diversity.ts";
import { type Rarity, type RecommendPosting, type RecommendUser, rarityOf } from "./facts.ts";
import { type PairContext, type ScoredPosting, scorePosting } from "./score-posting.ts";

/** A posting on a list. */
export type Recommendation = ScoredPosting & { readonly posting: RecommendPosting };

/**
 * The list of a user, by scoring every posting: the reference that the search by index is tested against.
 *
 * @param semanticOf cosine of the embeddings of the user and a posting; null for the formula without them.
 */
export function recommend(
  user: RecommendUser,
  postings: readonly RecommendPosting[],
  { rarity, asOf }: Omit<PairContext, "semantic">,
  semanticOf: ((posting: RecommendPosting) => number) | null = null,
): ClosedList<Recommendation> {
  const scored = postings.flatMap((posting) => {
    const semantic = semanticOf ? semanticOf(posting) : null;
    const found = scorePosting(user, posting, { rarity, asOf, semantic });
    return found ? [{ ...found, posting, id: posting.id }] : [];
  });
  const list = openList<Recommendation>();
  for (const { posting, score, terms, id } of scored.sort(compareRanks))
    if (list.offer({ posting, score, terms }, posting, { score, id })) break;
  return list.close();
}

/** Weights of all skills by how many of the postings name them. @param skills number of skills. */
export function rarityIn(
  postings: readonly { readonly skills: ArrayLike<number> }[],
  skills: number,
): Rarity {
  const named = new Uint32Array(skills);
  for (const { skills: own } of postings)
    for (let at = 0; at < own.length; at++)
      named[own[at] as number] = (named[own[at] as number] as number) + 1;
  return Array.from(named, (count) => rarityOf(count, postings.length));
}
