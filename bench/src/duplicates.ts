import { postingKeys } from "../../src/scoring/postings/content-key.ts";
import { createCopyFinder, textBuckets } from "../../src/scoring/postings/find-copies.ts";
import { type Bench, type Figure, measure } from "./bench.ts";
import { type PlannedPosting, planPostings } from "./posting-plan.ts";

const POSTINGS = 400_000;
const CHUNK = 10_000;

/** How many postings a second are compared with all before them, and how many copies are found. */
export const duplicates: Bench = {
  name: "duplicates",
  describe: ({ scale }) =>
    `${(POSTINGS * scale).toLocaleString("en-US")} postings of 140 words, a quarter of them copies, recognized one after the other in one process`,
  run: async (context) => {
    await context.loaded();
    await measure(context, async () => recognize(POSTINGS * context.scale, context.random));
  },
};

function recognize(count: number, random: () => number): Figure[] {
  const finder = createCopyFinder();
  const openingOf: number[] = [];
  const seen = new Set<number>();
  const tally = { ms: 0, copies: 0, found: 0, right: 0 };
  const postings = planPostings(count, random);
  for (let done = 0; done < count; done += CHUNK) {
    // Making up the texts is not measured.
    const chunk = take(postings, Math.min(CHUNK, count - done));
    const startedAt = performance.now();
    const originals = chunk.map((posting, index) => originalOf(finder, posting, done + index));
    tally.ms += performance.now() - startedAt;
    for (const [index, { opening }] of chunk.entries()) {
      const original = originals[index] ?? null;
      openingOf.push(opening);
      if (seen.has(opening)) tally.copies += 1;
      seen.add(opening);
      if (original === null) continue;
      tally.found += 1;
      if (openingOf[original] === opening) tally.right += 1;
    }
  }
  return [
    { figure: "recognized", unit: "postings/s", value: count / (tally.ms / 1_000) },
    { figure: "precision", unit: "of found copies", value: tally.right / tally.found },
    { figure: "recall", unit: "of all copies", value: tally.right / tally.copies },
    { figure: "heap", unit: "MB", value: process.memoryUsage().heapUsed / 2 ** 20 },
  ];
}

/** The work of the product for a posting, from its fields to its original. @returns null for a new one. */
function originalOf(
  finder: ReturnType<typeof createCopyFinder>,
  posting: PlannedPosting,
  number: number,
): number | null {
  const comparable = { id: String(number), description: posting.description, ...postingKeys(posting) };
  const buckets = textBuckets(comparable);
  const copy = finder.find(comparable, buckets);
  if (copy === null) finder.add(comparable, buckets);
  else finder.addCopy(comparable, copy.of);
  return copy === null ? null : Number(copy.of);
}

function take(postings: Generator<PlannedPosting>, count: number): PlannedPosting[] {
  const taken: PlannedPosting[] = [];
  for (let n = 0; n < count; n++) {
    const next = postings.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}
