import { createHash } from "node:crypto";
import { bucketOf, type Experiment, variantOf } from "../../scoring/experiment.ts";
import { NOTICE_VARIANTS, type NoticeVariant } from "../../scoring/project-matching/choose-candidates.ts";
import type { SubjectVariant } from "./digest.ts";

/** Whether a digest is opened more often when its subject tells what happened first, or how much. */
export const DIGEST_SUBJECT = {
  name: "digest-subject",
  variants: [
    { name: "count", share: 5_000 },
    { name: "headline", share: 5_000 },
  ],
} as const satisfies Experiment;

/** Whether more of those who are told of a project apply when they are told that it looks for them, or that they fit. */
export const MATCH_NOTICE: Experiment = {
  name: "match-notice",
  variants: NOTICE_VARIANTS.map((name) => ({ name, share: 5_000 })),
};

/** Every experiment with whole letters. One that has ended stays until its results are not needed any more. */
export const EXPERIMENTS: readonly Experiment[] = [DIGEST_SUBJECT];

/** The variant that a user gets the first time; after that the one that was kept counts. */
export const assignedVariant = (experiment: Experiment, userId: string): string =>
  variantOf(experiment, bucketOf(createHash("sha256").update(`${experiment.name}:${userId}`).digest()));

/** The text of the notice that a volunteer gets, always the same one. */
export function noticeVariantOf(volunteerId: string): NoticeVariant {
  const assigned = assignedVariant(MATCH_NOTICE, volunteerId);
  return NOTICE_VARIANTS.find((name) => name === assigned) ?? NOTICE_VARIANTS[0];
}

/** @throws Error for a variant that has no wording. */
export function subjectVariant(variant: string): SubjectVariant {
  const known = DIGEST_SUBJECT.variants.find(({ name }) => name === variant);
  if (known === undefined) throw new Error(`The subject of a digest has no variant "${variant}".`);
  return known.name;
}
