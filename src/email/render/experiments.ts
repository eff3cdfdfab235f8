import { createHash } from "node:crypto";
import { bucketOf, type Experiment, variantOf } from "../../scoring/experiment.ts";
import { NOTICE_VARIANTS, type NoticeVariant } from "../../scoring/project-matching/choose-candidates.ts";
import type { SubjectVariant } from "./digest.ts";

/** Which subject makes more users read a digest: the number of updates, or the first headline. */
export const DIGEST_SUBJECT = {
  name: "digest-subject",
  variants: [
    { name: "count", share: 5_000 },
    { name: "headline", share: 5_000 },
  ],
} as const satisfies Experiment;

/** Which text makes more candidates apply: that the project is looking for them, or that they are a match. */
export const MATCH_NOTICE: Experiment = {
  name: "match-notice",
  variants: NOTICE_VARIANTS.map((name) => ({ name, share: 5_000 })),
};

/** Experiments with e-mails. A finished one stays until its results are no longer needed. */
export const EXPERIMENTS: readonly Experiment[] = [DIGEST_SUBJECT];

/** The variant that a user is assigned. Users who have seen another one keep it. */
export const assignedVariant = (experiment: Experiment, userId: string): string =>
  variantOf(experiment, bucketOf(createHash("sha256").update(`${experiment.name}:${userId}`).digest()));

/** The variant of the match notice for a volunteer. It never changes. */
export function noticeVariantOf(volunteerId: string): NoticeVariant {
  const assigned = assignedVariant(MATCH_NOTICE, volunteerId);
  return NOTICE_VARIANTS.find((name) => name === assigned) ?? NOTICE_VARIANTS[0];
}

/** Narrows a stored variant. @throws Error if it is unknown. */
export function subjectVariant(variant: string): SubjectVariant {
  const known = DIGEST_SUBJECT.variants.find(({ name }) => name === variant);
  if (known === undefined) throw new Error(`Unknown variant of the digest subject: "${variant}".`);
  return known.name;
}
