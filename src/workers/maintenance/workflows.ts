import type { Job } from "../../queues/job.ts";
import { affinity } from "../feeds/affinity.ts";
import { contentFeatures } from "../feeds/content-features.ts";
import { feedPresort } from "../feeds/feed-presort.ts";
import { feedPresortCleanup } from "../feeds/feed-presort-cleanup.ts";
import { trending } from "../feeds/trending.ts";
import { buildUserTraits } from "../matching/people/build-user-traits.ts";
import { compatibility } from "../matching/people/compatibility.ts";
import { matchScores } from "../matching/people/match-scores.ts";
import { profileSearchIndex } from "../matching/people/profile-search-index.ts";
import { searchableUser } from "../matching/people/searchable-user.ts";
import { userInterestSets } from "../matching/people/user-interest-sets.ts";
import { mediaMetadataAll } from "../media/media-metadata-all.ts";

/** The input of the steps of a workflow. */
export type WorkflowOptions = {
  /** Only this user; every step takes it. */
  readonly userId?: string | undefined;
  /** Also steps that read the files of every medium. */
  readonly full?: boolean | undefined;
};

/** Jobs that run one after the other. */
export type Workflow = {
  readonly description: string;
  /** In dependency order: each step comes after those whose results it reads. */
  readonly steps: readonly Job[];
  /** Further steps with `full`. */
  readonly fullSteps?: readonly Job[];
  /** The further input of steps, by their names. */
  readonly inputs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether it is for one user. */
  readonly ofUser: boolean;
};

/** All workflows by name. No step is about money or sends e-mail. */
export const WORKFLOWS = {
  all: {
    description: "run every job about people, feeds and media, in the order of dependency",
    steps: [
      buildUserTraits,
      userInterestSets,
      matchScores,
      compatibility,
      searchableUser,
      profileSearchIndex,
      contentFeatures,
      trending,
      affinity,
      feedPresort,
      feedPresortCleanup,
    ],
    fullSteps: [mediaMetadataAll],
    ofUser: false,
  },
  onboarding: {
    description: "compute everything about a new user: traits, match scores, search index, feed",
    steps: [buildUserTraits, matchScores, profileSearchIndex, feedPresort],
    ofUser: true,
  },
  "algorithm-update": {
    description: "recompute what depends on the algorithms: match scores, search index, feeds",
    steps: [matchScores, profileSearchIndex, feedPresort],
    // Even if the version of the algorithm is the same, as after a change of its inputs.
    inputs: { [matchScores.name]: { full: true } },
    ofUser: false,
  },
} as const satisfies Record<string, Workflow>;

export type WorkflowName = keyof typeof WORKFLOWS;

export const WORKFLOW_NAMES = Object.keys(WORKFLOWS) as [WorkflowName, ...WorkflowName[]];

/** One step: a job, and what it is run with. */
export type WorkflowStep = { readonly job: Job; readonly input: Readonly<Record<string, unknown>> };

/** The steps of a workflow, in order. */
export function stepsOf(name: WorkflowName, { userId, full = false }: WorkflowOptions): WorkflowStep[] {
  const { steps, fullSteps = [], inputs = {} }: Workflow = WORKFLOWS[name];
  const ofUser = userId === undefined ? {} : { userId };
  return [...steps, ...(full ? fullSteps : [])].map((job) => ({
    job,
    input: { ...ofUser, ...inputs[job.name] },
  }));
}
