import {
  NOTICE_SKIP_REASONS,
  type NoticePair,
} from "../../src/scoring/project-matching/choose-candidates.ts";
import { type CandidateLists, PAIR_BYTES } from "../../src/scoring/project-matching/choose-from-lists.ts";

/** Lists as the server would send them, and which pair each number of theirs means. */
export function listsOf(
  projectIds: readonly string[],
  pairs: readonly NoticePair[],
): CandidateLists & { readonly ordered: readonly NoticePair[] } {
  const lists = projectIds.map((id) => pairs.filter(({ projectId }) => projectId === id).sort(bestFirst));
  const ordered = lists.flat();
  const bytes = Buffer.alloc(ordered.length * PAIR_BYTES);
  for (const [index, { volunteerId, score, skip }] of ordered.entries()) {
    bytes.writeBigInt64BE(BigInt(volunteerId), index * PAIR_BYTES);
    bytes.writeDoubleBE(score, index * PAIR_BYTES + 8);
    bytes.writeInt16BE(skip === null ? 0 : NOTICE_SKIP_REASONS.indexOf(skip) + 1, index * PAIR_BYTES + 16);
  }
  let end = 0;
  const ends = Int32Array.from(lists, (list) => {
    end += list.length;
    return end;
  });
  return { pairs: bytes, ends, ordered };
}

const bestFirst = (a: NoticePair, b: NoticePair): number =>
  b.score - a.score || b.matchedCount - a.matchedCount || Number(a.volunteerId) - Number(b.volunteerId);
