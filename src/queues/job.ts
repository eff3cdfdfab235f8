import type { z } from "zod";
import type { QueueName } from "../config/queues.ts";
import type { Settings } from "../config/settings.ts";
import type { Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import type { Ports } from "../ports/ports.ts";
import type { Compute } from "../threads/compute.ts";
import type { Counts, Further, Outcome } from "./outcome.ts";

/** What a job is given, and nothing else. */
export type JobContext = {
  /** The transaction that settles the work: effects written here happen exactly once. */
  readonly tx: Tx;
  readonly log: Log;
  /** The slot of a scheduled run, else the instant at which the try began. Frozen for the whole try. */
  readonly now: Date;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborts at the time limit, at shutdown, and when the lock is lost. */
  readonly signal: AbortSignal;
  /** The row of job_runs, for scheduled, manual and ranged work. */
  readonly runId: string | null;
  /** The numbers of this deployment: rates, minima, zones. */
  readonly settings: Settings;
  /** Says, where a dry run asks for it, what was decided for whom and why; by ids alone. Null: nobody asks. */
  readonly remark: ((remark: Remark) => void) | null;
  /** For work that takes more than a few milliseconds of processor time, here or in Postgres. */
  readonly compute: Compute;
};

/** What is given to work that holds no transaction: it reads in short ones of its own, and writes nothing. */
export type ComputeContext = Omit<JobContext, "tx"> & {
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
};

/** What a sum is given. */
export type SumContext = JobContext & {
  /** How often the run has gone on with further ranges: 0 when those of the cut are settled. */
  readonly stage: number;
};

/** A decision in words: whom or what it is about, and what became of it. */
export type Remark = { readonly about: string; readonly decision: string };

/** What a call to the outside world is given: no transaction is open meanwhile. */
export type CallContext = {
  readonly ports: Ports;
  readonly log: Log;
  readonly signal: AbortSignal;
};

export type BackOff = { readonly baseMs: number; readonly capMs: number };

/** What a job may leave to the defaults. */
type Policy = {
  /** Tries before the work is a dead letter. */
  readonly attempts: number;
  /** A try that runs longer is abandoned, its transaction with it. */
  readonly timeLimitMs: number;
  /** Between tries: doubles from `baseMs`, at most `capMs`, with jitter. */
  readonly backOff: BackOff;
};

type Identity<P> = {
  /** Its identity: written down in the outbox, in schedules and in links. */
  readonly name: string;
  /** Names it had before; entries under them still run. */
  readonly formerly?: readonly string[];
  readonly queue: QueueName;
  /** One sentence for `commonwork jobs`, Bull Board and the docs. */
  readonly description: string;
  /** Field descriptions are the help texts of the command line. New fields stay optional until the outbox has drained. */
  readonly payload: z.ZodType<P>;
  /** What makes two asks one piece of work. */
  key(payload: P): string;
};

/** One transaction, opened for it. */
type Single<P> = { run(payload: P, context: JobContext): Promise<Outcome> };

/** One transaction for a group; an outcome for each payload, in order. */
type Batch<P> = {
  readonly batch: { readonly size: number };
  runBatch(payloads: readonly P[], context: JobContext): Promise<readonly Outcome[]>;
};

/**
 * For the outside world: `prepare` reads and decides in a transaction, and its request is stored before `call` sends it, so that
 * a retry sends the same bytes under the same key; `record` writes the answer and settles.
 */
type Outside<P, Request, Answer> = {
  prepare(payload: P, context: JobContext): Promise<Prepared<Request>>;
  call(request: Request, context: CallContext): Promise<Answer>;
  record(payload: P, answer: Answer, context: JobContext): Promise<Outcome>;
};

export type Prepared<Request> = { readonly request: Request } | { readonly nothing: string };

/**
 * Over many rows: `cut` names the ranges, each runs in a transaction of its own on any worker, `sum` ends the run, or goes on with
 * further ranges, of the same kind or another.
 */
type Ranged<P, Range, Computed> = {
  cut(payload: P, context: JobContext): Promise<readonly Range[]>;
  /** What takes longer than a transaction should be held: done before that of the range is opened, and given to `run`. */
  compute?(range: Range, context: ComputeContext): Promise<Computed>;
  run(range: Range, context: JobContext, computed: Computed): Promise<Outcome>;
  sum(payload: P, counts: Counts, context: SumContext): Promise<Outcome | Further<Range>>;
};

type Declaration<P> = Identity<P> & Partial<Policy>;
type Declared<P, Form extends string> = Identity<P> & Policy & { readonly form: Form };

export type SingleJob<P> = Declared<P, "single"> & Single<P>;
export type BatchJob<P> = Declared<P, "batch"> & Batch<P>;
export type OutsideJob<P, Request, Answer> = Declared<P, "outside"> & Outside<P, Request, Answer>;
export type RangedJob<P, Range, Computed = unknown> = Declared<P, "ranged"> & Ranged<P, Range, Computed>;

export type Job<P = unknown> =
  | SingleJob<P>
  | BatchJob<P>
  // biome-ignore lint/suspicious/noExplicitAny: requests, answers and ranges are private to their job; the catalogue never looks inside.
  | OutsideJob<P, any, any>
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  | RangedJob<P, any, any>;

const DEFAULTS: Policy = {
  attempts: 8,
  /** No transaction lives longer (db/client.ts). */
  timeLimitMs: 5_000,
  backOff: { baseMs: 1_000, capMs: 3_600_000 },
};

/** Ids of 19 digits: so many fit into a carrier with room to spare. */
const MAX_BATCH = 2_000;

const NAME = /^[a-z]+(-[a-z]+)*$/;

/**
 * Declares a job: the whole of it in one literal. It takes exactly one of four forms, told by the functions it has:
 * `run`; `runBatch`; `prepare`, `call`, `record`; or `cut`, `run`, `sum`.
 *
 * @throws Error when the name is not kebab-case: names are written into Postgres and cannot be mended by a rename; or when a batch
 *   is larger than a carrier can hold.
 */
export function defineJob<P, Range, Computed = unknown>(
  job: Declaration<P> & Ranged<P, Range, Computed>,
): RangedJob<P, Range, Computed>;
export function defineJob<P, Request, Answer>(
  job: Declaration<P> & Outside<P, Request, Answer>,
): OutsideJob<P, Request, Answer>;
export function defineJob<P>(job: Declaration<P> & Batch<P>): BatchJob<P>;
export function defineJob<P>(job: Declaration<P> & Single<P>): SingleJob<P>;
export function defineJob(job: {
  readonly name: string;
  readonly batch?: { readonly size: number };
}): unknown {
  if (!NAME.test(job.name))
    throw new Error(`A job is named in kebab-case, verb first: "${job.name}" is not.`);
  const size = job.batch?.size ?? 1;
  if (!Number.isInteger(size) || size < 1 || size > MAX_BATCH)
    throw new Error(`The batch of ${job.name} is a whole number from 1 to ${MAX_BATCH}, not ${size}.`);
  return { ...DEFAULTS, ...job, form: formOf(job) };
}

function formOf(job: object): Job["form"] {
  if ("runBatch" in job) return "batch";
  if ("prepare" in job) return "outside";
  return "cut" in job ? "ranged" : "single";
}

/** A ranged job travels under three names: its own for the cut, and these for its ranges and its sum. */
export const rangeName = (job: { name: string }): string => `${job.name}/range`;
export const sumName = (job: { name: string }): string => `${job.name}/sum`;

/** Parts of a job that an outbox entry can name. */
export type Part = "whole" | "range" | "sum";

/** The names that entries for a part of a job may bear, its former ones included. */
export function namesOf(job: Job, part: Part): string[] {
  const names = [job.name, ...(job.formerly ?? [])];
  if (part === "whole") return names;
  return names.map((name) => (part === "range" ? rangeName({ name }) : sumName({ name })));
}

/** Finds jobs by the names that stand in the outbox. */
export type Catalogue = {
  readonly jobs: readonly Job[];
  find(name: string): { readonly job: Job; readonly part: Part } | undefined;
};

/** @throws Error when two jobs answer to one name. */
export function catalogueOf(jobs: readonly Job[]): Catalogue {
  const byName = new Map<string, { job: Job; part: Part }>();
  const add = (name: string, job: Job, part: Part) => {
    if (byName.has(name)) throw new Error(`Two jobs answer to the name "${name}".`);
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
  return { jobs, find: (name) => byName.get(name) };
}
