import { z } from "zod";
import type { QueueName } from "../config/queues.ts";
import type { Settings } from "../config/settings.ts";
import type { ReferencedTable } from "../db/references.ts";
import type { Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import type { Ports } from "../ports/ports.ts";
import type { Compute } from "../threads/compute.ts";
import type { Counts, Further, Outcome } from "./outcome.ts";

/** The context of a job. */
export type JobContext = {
  /** The transaction that settles the job: effects written in it happen exactly once. */
  readonly tx: Tx;
  readonly log: Log;
  /**
   * The slot of a scheduled run, else the time at which the attempt started. It does not change during the
   * attempt.
   */
  readonly now: Date;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborts at the time limit, at shutdown, and when the lock is lost. */
  readonly signal: AbortSignal;
  /** The row of job_runs, for scheduled, manual and ranged runs. */
  readonly runId: string | null;
  /** The settings of this deployment: rates, minima, zones. */
  readonly settings: Settings;
  /**
   * Records, for the preview of a dry run, what was decided for whom and why. Ids only. Does nothing
   * otherwise.
   */
  readonly remark: (remark: Remark) => void;
  /** Counts for the metrics. What an attempt has counted stays counted when it is rolled back. */
  readonly measure: Measure;
  /** For work that takes more than a few milliseconds of processor time, here or in Postgres. */
  readonly compute: Compute;
};

/**
 * The context of `compute`: no transaction is open while it runs. It reads in short ones of its own and
 * cannot write.
 */
export type ComputeContext = Omit<JobContext, "tx"> & {
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Reads from the outside world. The range may be computed again, so the call must have no effect there. A
   * dry run lists the request instead, and gets null.
   */
  fetch<T>(request: unknown, call: (ports: Ports) => Promise<T>): Promise<T | null>;
};

/** The context of a sum. */
export type SumContext = JobContext & {
  /**
   * The round whose ranges have just been settled: 0 for those of the cut, one more each time the sum
   * returned further ranges.
   */
  readonly round: number;
};

/** Adds to a counter of the metrics, by labels. */
export type Measure = (
  counter: "events" | "embeddings",
  labels: { readonly type: string; readonly outcome: string },
  n: number,
) => void;

/** A decision in words: the subject, and the decision. */
export type Remark = { readonly about: string; readonly decision: string };

/** The context of code outside of transactions. */
export type OutsideContext = {
  readonly ports: Ports;
  /** The time of the call. */
  readonly now: Date;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** The context of an outside call. No transaction is open while it runs. */
export type CallContext = OutsideContext & {
  /**
   * Stores a note with the request, which `resume` reads if the call is never answered. Throws if another
   * carrier has taken over the request: nothing may be sent then.
   */
  note(text: string): Promise<void>;
};

export type BackOff = { readonly baseMs: number; readonly capMs: number };

/** How often work is tried before its entry is dead, and over which time. */
type Retries = {
  readonly attempts: number;
  /** Delay between attempts: doubles from `baseMs` up to `capMs`, with jitter. */
  readonly backOff: BackOff;
};

const UP_TO_AN_HOUR: BackOff = { baseMs: 1_000, capMs: 3_600_000 };

/** The schedules of retries; a job that declares none has `hours`. */
export const RETRIES = {
  /** For two hours: what is wrong for longer needs an operator. */
  hours: { attempts: 15, backOff: UP_TO_AN_HOUR },
  /** For almost three days, hourly after the first hour: money and mail survive a weekend. */
  days: { attempts: 100, backOff: UP_TO_AN_HOUR },
} as const satisfies Record<string, Retries>;

/** The part of a declaration that has defaults. */
type Policy = Retries & {
  /** An attempt that runs longer is abandoned and its transaction rolled back. */
  readonly timeLimitMs: number;
};

type Identity<P> = {
  /** Identifies the job in the outbox, in schedules and in links. */
  readonly name: string;
  /** Earlier names; entries with these names still run. */
  readonly formerly?: readonly string[];
  readonly queue: QueueName;
  /** One sentence for `commonwork jobs`, Bull Board and the docs. */
  readonly description: string;
  /**
   * Field descriptions become help texts of the command line. New fields stay optional until the outbox has
   * drained.
   */
  readonly payload: z.ZodType<P>;
  /** Payloads with the same key are one outbox entry. */
  key(payload: P): string;
  /**
   * Declared by jobs that a host may request in SQL: which fields of the payload refer to its rows. Never by
   * a job that moves money, erases or releases something.
   */
  readonly fromHost?: Readonly<Record<string, ReferencedTable>>;
  /** Starts only once the changes that the host committed before it have been mirrored. */
  readonly afterMirrors?: true;
};

/** One entry per transaction. */
type Single<P> = { run(payload: P, context: JobContext): Promise<Outcome> };

/** A group of entries per transaction; returns an outcome for each payload, in order. */
type Batch<P> = {
  readonly batch: { readonly size: number };
  runBatch(payloads: readonly P[], context: JobContext): Promise<readonly Outcome[]>;
};

/**
 * For outside calls. `prepare` reads and decides in a transaction and returns the request, which is stored
 * before `call` sends it, so that a retry sends the same bytes under the same idempotency key. `record`
 * writes the answer and settles the entry. A call that throws NotSent had no effect: its request is
 * discarded, unless an earlier attempt may have sent it.
 */
type Outside<P, Request, Answer> = {
  /**
   * Runs before anything is read. Throws Snooze while the other side takes no requests, so that what waits
   * for it is decided when it is sent.
   */
  admit?(entry: string, context: OutsideContext): Promise<void>;
  prepare(payload: P, context: JobContext): Promise<Prepared<Request>>;
  /**
   * Decides about a request that an earlier attempt stored, and may have sent. Default: it is sent again.
   * `note`: the last note of the call.
   */
  resume?(request: Request, note: string | null, context: JobContext): Promise<Resumption<Answer>>;
  call(request: Request, context: CallContext): Promise<Answer>;
  record(payload: P, answer: Answer, context: JobContext): Promise<Outcome>;
};

/** Sends the request again, prepares a new one instead, or records an answer without a call. */
export type Resumption<Answer> =
  | { readonly kind: "send" }
  | { readonly kind: "prepare" }
  | { readonly kind: "answer"; readonly answer: Answer };

export type Prepared<Request> = { readonly request: Request } | { readonly nothing: string };

/**
 * For many rows. `cut` returns ranges, each of which runs in its own transaction on any worker. `sum` ends
 * the run, or continues it with further ranges, of the same kind or another.
 */
type Ranged<P, Range, Computed> = {
  /** The schema of a range. A range that another version has cut in another form waits for that version. */
  readonly range: z.ZodType<Range>;
  /**
   * How many ranges of a run are due at a time for each worker process. Default: two thirds of the
   * concurrency of the queue, so that other work finds a free worker. Less for ranges that keep Postgres busy
   * enough to delay other work, more for short ranges of a queue with few workers.
   */
  readonly rangesPerWorker?: number;
  cut(payload: P, context: JobContext): Promise<readonly Range[]>;
  /**
   * The part of a range that takes too long for a transaction. Runs before it is opened; the result is passed
   * to `run`.
   */
  compute?(range: Range, context: ComputeContext): Promise<Computed>;
  run(range: Range, context: JobContext, computed: Computed): Promise<Outcome>;
  sum(payload: P, counts: Counts, context: SumContext): Promise<Outcome | Further<Range>>;
};

type Declaration<P> = Identity<P> & Partial<Policy>;
type Declared<P, Form extends string> = Identity<P> & Policy & { readonly form: Form };

export type SingleJob<P> = Declared<P, "single"> & Single<P>;
export type BatchJob<P> = Declared<P, "batch"> & Batch<P>;
export type OutsideJob<P, Request, Answer> = Declared<P, "outside"> & Outside<P, Request, Answer>;
/** Counts that no range has counted are absent. */
type CountsSchema = z.ZodType<{ readonly [name: string]: number | undefined }>;

export type RangedJob<P, Range, Computed = unknown> = Declared<P, "ranged"> &
  Ranged<P, Range, Computed> & {
    /** The counts of its ranges, which are passed to its sums. Default: numbers under any names. */
    readonly counts: CountsSchema;
  };

export type Job<P = unknown> =
  | SingleJob<P>
  | BatchJob<P>
  // biome-ignore lint/suspicious/noExplicitAny: requests, answers and ranges are private to their job.
  | OutsideJob<P, any, any>
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  | RangedJob<P, any, any>;

const DEFAULTS: Policy = {
  ...RETRIES.hours,
  /** The limit of a transaction (db/session.ts). */
  timeLimitMs: 5_000,
};

/** A count that is not a number would make every sum of it NaN. */
const COUNTS: CountsSchema = z.record(z.string(), z.number());

/** At 19 digits per id, this many ids stay well below the size limit of a carrier. */
const MAX_BATCH = 2_000;

const NAME = /^[a-z]+(-[a-z]+)*$/;

/**
 * Declares a job in one literal. It has exactly one of four forms, recognized by its functions: `run`;
 * `runBatch`; `prepare`, `call`, `record`; or `cut`, `run`, `sum` with the schema of a range.
 *
 * @throws Error when the name is not in kebab-case, since names are stored in Postgres and hard to change
 * later; or when the batch size is more than a carrier can hold.
 */
export function defineJob<P, Range, Computed = unknown>(
  job: Declaration<P> & Ranged<P, Range, Computed> & { readonly counts?: CountsSchema },
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
  if (!NAME.test(job.name)) throw new Error(`job name "${job.name}" is not in kebab-case`);
  const size = job.batch?.size ?? 1;
  if (!Number.isInteger(size) || size < 1 || size > MAX_BATCH)
    throw new Error(`batch size of ${job.name} must be a whole number from 1 to ${MAX_BATCH}, not ${size}`);
  const form = formOf(job);
  return { ...DEFAULTS, ...(form === "ranged" ? { counts: COUNTS } : {}), ...job, form };
}

function formOf(job: object): Job["form"] {
  if ("runBatch" in job) return "batch";
  if ("prepare" in job) return "outside";
  return "cut" in job ? "ranged" : "single";
}
