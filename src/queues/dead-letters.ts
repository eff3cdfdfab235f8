import { sql } from "drizzle-orm";
import { audit, auditAndFollow, circumstancesOf, type Decided } from "../db/audit.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { type Catalogue, namesOf } from "./catalogue.ts";
import { ERROR_BEGINNING } from "./entries.ts";

/**
 * An entry that used all its attempts, was cancelled, or has an invalid payload. It stays in Postgres until
 * an operator decides.
 */
export type DeadLetter = {
  id: string;
  queue: string;
  job: string;
  key: string;
  attempts: number;
  error: string | null;
  askedAt: string;
  deadAt: string;
};

export type DeadLetterFilter = {
  readonly id?: string | undefined;
  /** Only those with these ids. */
  readonly ids?: readonly string[] | undefined;
  readonly job?: string | undefined;
  readonly queue?: string | undefined;
  readonly error?: string | undefined;
  /** Only those that died from this time on, or before that one. */
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
};

const where = (filter: DeadLetterFilter) => sql`dead_at is not null
  and (${filter.id ?? null}::bigint is null or id = ${filter.id ?? null}::bigint)
  and (${filter.ids === undefined} or id = any(${array(filter.ids ?? [])}::bigint[]))
  and (${filter.job ?? null}::text is null or job = ${filter.job ?? null}::text)
  and (${filter.queue ?? null}::text is null or queue = ${filter.queue ?? null}::text)
  and (${filter.error ?? null}::text is null or strpos(error, ${filter.error ?? null}::text) > 0)
  and dead_at >= coalesce(${filter.from ?? null}::timestamptz, '-infinity')
  and dead_at < coalesce(${filter.until ?? null}::timestamptz, 'infinity')`;

const LETTER_COLUMNS = sql`id, queue, job, key, attempts, error, created_at as "askedAt", dead_at as "deadAt"`;

/** Newest first. */
export function listDeadLetters(
  on: Queryable,
  filter: DeadLetterFilter = {},
  limit = 50,
  offset = 0,
): Promise<DeadLetter[]> {
  return rows<DeadLetter>(
    on,
    sql`select ${LETTER_COLUMNS} from outbox where ${where(filter)} order by dead_at desc, id desc limit ${limit} offset ${offset}`,
  );
}

/** How many dead letters of a job have errors with the same beginning. */
export type DeadLetterCount = {
  readonly job: string;
  /** The first characters of the error; null for none. */
  readonly error: string | null;
  readonly count: number;
  /** When the first and the last of them died. */
  readonly from: string;
  readonly until: string;
};

/** At most this many dead letters are counted at once, the newest ones. */
const COUNTED = 20_000;

/** Counts the newest 20,000 dead letters by job and error, the most frequent first. */
export const countByError = (
  on: Queryable,
  filter: DeadLetterFilter,
  limit: number,
): Promise<DeadLetterCount[]> =>
  rows<DeadLetterCount>(
    on,
    sql`select job, left(error, ${ERROR_BEGINNING}) as error, count(*)::int as count, min(dead_at) as "from", max(dead_at) as until
        from (select job, error, dead_at from outbox where ${where(filter)} order by dead_at desc limit ${COUNTED}) letters
        group by 1, 2 order by count desc, job, error limit ${limit}`,
  );

/** One dead letter with its payload, for operators only. */
export async function inspectDeadLetter(
  on: Queryable,
  id: string,
): Promise<
  (DeadLetter & { payload: unknown; request: unknown; slot: string | null; run: string | null }) | undefined
> {
  const [letter] = await rows<
    DeadLetter & { payload: unknown; request: unknown; slot: string | null; run: string | null }
  >(
    on,
    sql`select ${LETTER_COLUMNS}, payload, request -> 'request' as request, slot, parent as run from outbox where ${where({ id })}`,
  );
  return letter;
}

/** Who decided about dead letters, and why, for the audit log. */
export type Decision = Decided & { readonly reason: string };

export type RetryOptions = Decision & {
  readonly catalogue: Catalogue;
  /** How many become due per second, so that a service that has just recovered is not flooded. */
  readonly perSecond?: number;
  /**
   * Drops the stored requests of outside calls, so that the next attempt prepares new ones. For requests that
   * are wrong themselves; what such a request has done already may be done a second time.
   */
  readonly prepareAnew?: boolean;
  readonly limit?: number;
};

export type RetryResult = {
  readonly retried: number;
  /** Dead letters of ranged runs that a newer run has replaced. They stay dead. */
  readonly superseded: number;
  /** The entry of the audit log from which `readRetry` finds them; null if there were no dead letters. */
  readonly auditId: string | null;
};

/**
 * Makes dead letters due again with all their attempts, oldest first. Parts of a ranged run stay dead once a
 * newer run of the job exists: they would write results as of an older time beside it, or after it.
 */
export async function retryDeadLetters(
  tx: Tx,
  filter: DeadLetterFilter,
  options: RetryOptions,
): Promise<RetryResult> {
  const { catalogue, perSecond = 50, prepareAnew = false, limit = 10_000 } = options;
  const locked = await lockLetters(tx, filter, limit);
  if (locked.length === 0) return { retried: 0, superseded: 0, auditId: null };
  const superseded = await supersededLetters(tx, locked, catalogue);
  const ids = locked.filter((id) => !superseded.has(id));
  const { jobs, runs } = await originsOf(tx, ids);
  await reopenRuns(tx, ids);
  await tx.execute(
    sql`update outbox o set dead_at = null, attempts = 0, error = null, postponed_at = null,
          request = case when ${prepareAnew} then null else o.request end,
          run_at = now() + ((letter.n - 1) / ${perSecond}::float8) * interval '1 second'
        from unnest(${array(ids)}::bigint[]) with ordinality as letter(id, n) where o.id = letter.id`,
  );
  tx.dispatch.pending = true;
  const auditId = await auditAndFollow(tx, {
    actor: options.actor,
    action: "dead-letters.retry",
    subject: subjectOf(filter),
    details: {
      ...circumstancesOf(options),
      ids,
      jobs,
      runs,
      perSecond,
      ...(prepareAnew ? { prepareAnew } : {}),
      ...(superseded.size > 0 ? { superseded: [...superseded] } : {}),
    },
  });
  return { retried: ids.length, superseded: superseded.size, auditId };
}

/** The name and the run of each entry, in the same order; null for an entry without a run. */
async function originsOf(
  tx: Tx,
  ids: readonly string[],
): Promise<{ jobs: readonly string[]; runs: readonly (string | null)[] }> {
  const found = await rows<{ job: string; run: string | null }>(
    tx,
    sql`select o.job, o.parent as run from unnest(${array(ids)}::bigint[]) with ordinality as given(id, n)
        join outbox o on o.id = given.id order by given.n`,
  );
  return { jobs: found.map(({ job }) => job), runs: found.map(({ run }) => run) };
}

async function supersededLetters(
  tx: Tx,
  ids: readonly string[],
  { jobs }: Catalogue,
): Promise<ReadonlySet<string>> {
  // A schedule opens its next slot under the same lock, and either sees the reopened run or is seen here.
  await tx.execute(
    sql`select 1 from schedules where name in (
          select r.schedule from outbox o join job_runs r on r.id = o.parent where o.id = any(${array(ids)}::bigint[]))
        order by name for update`,
  );
  const names = jobs
    .filter(({ form }) => form === "ranged")
    .flatMap((job) => PARTS.flatMap((part) => namesOf(job, part)));
  const found = await rows<{ id: string }>(
    tx,
    sql`select o.id from outbox o join job_runs r on r.id = o.parent
        where o.id = any(${array(ids)}::bigint[]) and o.job = any(${array(names)}::text[])
          and exists (select 1 from job_runs newer
                      where newer.status in ('queued', 'running', 'done')
                        and ((newer.job = r.job and newer.id > r.id and newer.input = r.input)
                          or (newer.schedule = r.schedule and newer.slot > r.slot)))`,
  );
  return new Set(found.map(({ id }) => id));
}

const PARTS = ["whole", "range", "sum"] as const;

/**
 * The duration of a reopened run is that of the retry, without the time that it was dead; a ranged run
 * continues. A run stays failed if another entry of it is dead, or was discarded: reopened, it would never
 * end and block its schedule.
 */
async function reopenRuns(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.execute(
    sql`update job_runs r set status = 'queued', finished_at = null, error = null,
          started_at = case when r.total is null then null else r.started_at end
        where r.id in (select parent from outbox where id = any(${array(ids)}::bigint[]))
          and not exists (select 1 from outbox d where d.parent = r.id and d.dead_at is not null
                          and d.id <> all(${array(ids)}::bigint[]))
          and (r.pending is null or r.pending = 0
               or r.pending = (select count(*) from outbox o where o.parent = r.id))`,
  );
}

/** Deletes dead letters. Their runs stay failed, and count them as `discarded`. @returns how many. */
export async function discardDeadLetters(
  tx: Tx,
  filter: DeadLetterFilter,
  options: Decision & { readonly limit?: number },
): Promise<number> {
  const ids = await lockLetters(tx, filter, options.limit ?? 10_000);
  if (ids.length === 0) return 0;
  const discarded = await removeEntries(tx, ids);
  await audit(tx, {
    actor: options.actor,
    action: "dead-letters.discard",
    subject: subjectOf(filter),
    details: { ...circumstancesOf(options), discarded },
  });
  return ids.length;
}

/** Deletes entries that the transaction has locked. Their runs fail, and count them as `discarded`. */
export async function removeEntries(
  tx: Tx,
  ids: readonly string[],
): Promise<{ id: string; job: string; key: string }[]> {
  if (ids.length === 0) return [];
  await tx.execute(
    sql`update job_runs r set
          status = case when r.finished_at is null then 'failed' else r.status end,
          finished_at = coalesce(r.finished_at, now()),
          counts = r.counts || jsonb_build_object('discarded', coalesce((r.counts ->> 'discarded')::int, 0) + gone.entries)
        from (select parent, count(*)::int as entries from outbox where id = any(${array(ids)}::bigint[]) group by parent) gone
        where r.id = gone.parent`,
  );
  return rows<{ id: string; job: string; key: string }>(
    tx,
    sql`delete from outbox where id = any(${array(ids)}::bigint[]) returning id, job, key`,
  );
}

/** How many dead letters there are. */
export async function countDeadLetters(on: Queryable, filter: DeadLetterFilter): Promise<number> {
  const [counted] = await rows<{ n: number }>(
    on,
    sql`select count(*)::int as n from outbox where ${where(filter)}`,
  );
  return counted?.n ?? 0;
}

async function lockLetters(tx: Tx, filter: DeadLetterFilter, limit: number): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from outbox where ${where(filter)} order by dead_at, id limit ${limit} for update`,
  );
  return found.map((row) => row.id);
}

function subjectOf({ id, ids, ...named }: DeadLetterFilter): string {
  if (id) return `outbox:${id}`;
  // The ids are in the details.
  if (ids) return "outbox";
  const given = Object.entries(named).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : String(value)]],
  );
  return `outbox?${new URLSearchParams(given)}`;
}
