import type { CleanPosting } from "../ports/postings/clean-posting.ts";
import { type PostingKeys, postingKeys } from "../scoring/postings/content-key.ts";
import { textBuckets } from "../scoring/postings/find-copies.ts";

/** A listed posting with the values computed from it. */
export type PreparedPosting = {
  readonly posting: CleanPosting;
  readonly keys: PostingKeys;
  /** Buckets of its text. */
  readonly buckets: readonly number[];
};

/** Computes the keys of a posting. */
export function preparePosting(posting: CleanPosting): PreparedPosting {
  const keys = postingKeys(posting);
  return { posting, keys, buckets: textBuckets({ ...keys, description: posting.description }) };
}
