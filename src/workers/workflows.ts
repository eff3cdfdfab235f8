import type { Job } from "../queues/job.ts";

/** What the steps of a workflow are given. */
export type WorkflowOptions = {
  /** Only this user; every step takes it. */
  readonly userId?: string | undefined;
  /** Also steps that read the files of every medium. */
  readonly full?: boolean | undefined;
};

/** Jobs that run one after the other. */
export type Workflow = {
  readonly description: string;
  /** Names of jobs, each after those whose results it reads. Jobs that this version lacks are left out. */
  readonly steps: readonly string[];
  /** Further steps with `full`. */
  readonly fullSteps?: readonly string[];
  /** Whether it is for one user. */
  readonly ofUser: boolean;
};

/** All workflows by name. No step is about money or sends e-mail. */
export const WORKFLOWS = {
  all: {
    description: "run every job about people, feeds and media, in the order of their dependencies",
    steps: [
      "build-user-traits",
      "user-interest-sets",
      "match-scores",
      "compatibility",
      "searchable-user",
      "profile-search-index",
      "content-features",
      "trending",
      "affinity",
      "feed-presort",
      "feed-presort-cleanup",
    ],
    fullSteps: ["media-metadata-all"],
    ofUser: false,
  },
  onboarding: {
    description: "compute everything about a new user: traits, match scores, search index, feed",
    steps: ["build-user-traits", "match-scores", "profile-search-index", "feed-presort"],
    ofUser: true,
  },
  "algorithm-update": {
    description: "compute again what depends on algorithms: match scores, search index, feeds",
    steps: ["match-scores", "profile-search-index", "feed-presort"],
    ofUser: false,
  },
} as const satisfies Record<string, Workflow>;

export type WorkflowName = keyof typeof WORKFLOWS;

export const WORKFLOW_NAMES = Object.keys(WORKFLOWS) as [WorkflowName, ...WorkflowName[]];

/** One step: a job, and what it is run with. */
export type WorkflowStep = { readonly job: Job; readonly input: { readonly userId?: string } };

/** @param find the job with a name, if there is one. */
export function stepsOf(
  name: WorkflowName,
  { userId, full = false }: WorkflowOptions,
  find: (name: string) => Job | undefined,
): WorkflowStep[] {
  const workflow: Workflow = WORKFLOWS[name];
  const names = [...workflow.steps, ...(full ? (workflow.fullSteps ?? []) : [])];
  return names.flatMap((step) => {
    const job = find(step);
    return job ? [{ job, input: userId === undefined ? {} : { userId } }] : [];
  });
}
