import type { OpenIndex, TitledPostings } from "./posting-index.ts";

/** At most this many postings are kept, over all targets (5 MB); then all are forgotten. */
const MAX_KEPT = 1_000_000;

/** The postings that have a role word of a target title, ascending. Many users look for the same titles. */
export function postingsTitled(open: OpenIndex, target: readonly string[]): TitledPostings {
  const key = target.join(" ");
  const known = open.byTarget.get(key);
  if (known !== undefined) return known;
  const found = findTitled(open, target);
  if (open.keptOfTargets + found.postings.length > MAX_KEPT) {
    open.byTarget.clear();
    open.keptOfTargets = 0;
  }
  open.byTarget.set(key, found);
  open.keptOfTargets += found.postings.length;
  return found;
}

function findTitled({ index, wordNumbers }: OpenIndex, target: readonly string[]): TitledPostings {
  const { starts, values } = index.byRoleWord;
  const counts = new Map<number, number>();
  for (const word of target) {
    const number = wordNumbers.get(word);
    if (number === undefined) continue;
    for (let at = starts[number] as number; at < (starts[number + 1] as number); at++) {
      const posting = values[at] as number;
      counts.set(posting, (counts.get(posting) ?? 0) + 1);
    }
  }
  const postings = Int32Array.from(counts.keys()).sort();
  return { postings, counts: Uint8Array.from(postings, (posting) => counts.get(posting) ?? 0) };
}
