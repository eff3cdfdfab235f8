import type { Job } from "./job.ts";

const RANGE_SUFFIX = "/range";

/**
 * Entries of a ranged job have one of three names: that of the job for the cut, and these for its ranges and
 * its sum.
 */
export const rangeName = (job: { name: string }): string => `${job.name}${RANGE_SUFFIX}`;
export const isRange = (entryName: string): boolean => entryName.endsWith(RANGE_SUFFIX);
export const sumName = (job: { name: string }): string => `${job.name}/sum`;

/** The parts of a job that an outbox entry can name. */
export type Part = "whole" | "range" | "sum";

/** The names that entries for a part of a job may have, including those from before a rename. */
export function namesOf(job: Job, part: Part): string[] {
  const names = [job.name, ...(job.formerly ?? [])];
  if (part === "whole") return names;
  return names.map((name) => (part === "range" ? rangeName({ name }) : sumName({ name })));
}

/** Finds jobs by the names of outbox entries. */
export type Catalogue = {
  readonly jobs: readonly Job[];
  /** Every name that an entry of these jobs may have. */
  readonly names: readonly string[];
  find(name: string): { readonly job: Job; readonly part: Part } | undefined;
};

/** @throws Error when two jobs have the same name. */
export function catalogueOf(jobs: readonly Job[]): Catalogue {
  const byName = new Map<string, { job: Job; part: Part }>();
  const add = (name: string, job: Job, part: Part) => {
    if (byName.has(name)) throw new Error(`duplicate job name "${name}"`);
    byName.set(name, { job, part });
  };
  for (const job of jobs) {
    for (const name of [job.name, ...(job.formerly ?? [])]) {
      add(name, job, "whole");
      if (job.form === "ranged") {
        add(rangeName({ name }), job, "range");
        add(sumName({ name }), job, "sum");
      }
    }
  }
  return { jobs, names: [...byName.keys()], find: (name) => byName.get(name) };
}
