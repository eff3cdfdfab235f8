import { areCopies, bucketsOf, comparedWords, shinglesOf } from "./near-duplicate.ts";
import { levelOf } from "./recommend/title.ts";

/** The facts of a posting by which copies are recognized. */
export type Comparable = {
  readonly id: string;
  readonly company: string;
  readonly place: string;
  readonly title: string;
  /** Null: no key (content-key.ts). */
  readonly content: string | null;
  readonly description: string;
};

/** Why a posting is a copy: equal keys, or a similar text. */
export type Copy = { readonly of: string; readonly by: "content" | "text" };

/** Recognizes copies among postings, in one pass. */
export type CopyFinder = {
  /**
   * Adds an original. `buckets`: those of `textBuckets`.
   * @returns the buckets that had room for it.
   */
  add(posting: Comparable, buckets: readonly number[]): number[];
  /** Adds a copy: others with its content key are copies of the same original. */
  addCopy(posting: Comparable, original: string): void;
  /** The original that this posting is a copy of, or null. Does not add the posting. */
  find(posting: Comparable, buckets: readonly number[]): Copy | null;
};

/**
 * Compared in each bucket. Copies are not put into buckets, so a bucket holds more only where many postings
 * of one company and place are almost, but not quite, alike.
 */
const MAX_COMPARED = 16;

/** The buckets of a posting; none if its text is too short to be compared. */
export function textBuckets({
  description,
  company,
  place,
}: Pick<Comparable, "description" | "company" | "place">): number[] {
  const words = company === "" ? null : comparedWords(description);
  return words === null ? [] : bucketsOf(words, company, place);
}

type Original = { readonly posting: Comparable; shingles: ReadonlySet<string> | null };

/**
 * Levels 3 and 4 of the duplicates: a posting is a copy of the first one with the same content key, else of
 * the first one of its company and place whose title may be the same and whose text has a Jaccard of 0.8 or
 * more with its own.
 */
export function createCopyFinder(): CopyFinder {
  const byContent = new Map<string, string>();
  const byBucket = new Map<number, Original[]>();
  const addContent = ({ content }: Comparable, original: string): void => {
    if (content !== null && !byContent.has(content)) byContent.set(content, original);
  };
  return {
    addCopy: addContent,
    add(posting, buckets) {
      addContent(posting, posting.id);
      const original: Original = { posting, shingles: null };
      return buckets.filter((bucket) => {
        const known = byBucket.get(bucket);
        if (known === undefined) byBucket.set(bucket, [original]);
        else if (known.length < MAX_COMPARED) known.push(original);
        else return false;
        return true;
      });
    },
    find(posting, buckets) {
      const same = posting.content === null ? undefined : byContent.get(posting.content);
      if (same !== undefined) return { of: same, by: "content" };
      const similar = findSimilar(posting, buckets, byBucket);
      return similar === null ? null : { of: similar, by: "text" };
    },
  };
}

function findSimilar(
  posting: Comparable,
  buckets: readonly number[],
  byBucket: ReadonlyMap<number, readonly Original[]>,
): string | null {
  const compared = new Set<Original>();
  let shingles: ReadonlySet<string> | null = null;
  for (const bucket of buckets) {
    for (const original of byBucket.get(bucket) ?? []) {
      if (compared.has(original) || compared.size === MAX_COMPARED) continue;
      compared.add(original);
      // Buckets are hashes: another company may share one.
      if (original.posting.company !== posting.company || original.posting.place !== posting.place) continue;
      if (!mayBeSameTitle(original.posting.title, posting.title)) continue;
      shingles ??= shinglesIn(posting);
      original.shingles ??= shinglesIn(original.posting);
      if (areCopies(shingles, original.shingles)) return original.posting.id;
    }
  }
  return null;
}

/**
 * Whether two titles may be of one opening: of one level, and the words of one among those of the other.
 * Employers use one text for several openings: "Engineer, Go" and "Engineer, Rust" are two, "Engineer" and
 * "Wanted: Engineer" may be one. Numbers of more than one digit are ignored.
 */
function mayBeSameTitle(a: string, b: string): boolean {
  if (a === b) return true;
  if (levelOf(a) !== levelOf(b)) return false;
  const [first, second] = [titleWords(a), titleWords(b)];
  const [fewer, more] = first.size <= second.size ? [first, second] : [second, first];
  for (const word of fewer) if (!more.has(word)) return false;
  return true;
}

const titleWords = (title: string): ReadonlySet<string> =>
  new Set(title.split(" ").filter((word) => word.length === 1 || !/\p{N}/u.test(word)));

const shinglesIn = ({ description }: Comparable): ReadonlySet<string> =>
  shinglesOf(comparedWords(description) ?? []);
