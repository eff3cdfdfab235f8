import { type SQL, sql } from "drizzle-orm";
import { QUEUE_NAMES } from "../config/queues.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { type Catalogue, namesOf } from "./catalogue.ts";
import { payloadFieldsOf } from "./payload-fields.ts";

// Searches of the outbox by operators. It may hold millions of entries and is indexed only for processing. So
// each search reads at most a few thousand of them, in the order of an index, and reports when there are
// more.

/** `parked`: a range that waits for others of its run. `held`: waits for a version that has its job. */
export const ENTRY_STATES = ["due", "later", "carried", "parked", "held", "dead"] as const;
export type WorkState = (typeof ENTRY_STATES)[number];

const STATE = sql`case when dead_at is not null then 'dead' when enqueued_at is not null then 'carried'
  when run_at = 'infinity' and postponed_at is not null then 'held' when run_at = 'infinity' then 'parked'
  when run_at > now() then 'later' else 'due' end`;

export type EntryFilter = {
  /** The name of a job; includes its ranges and sums. */
  readonly job?: string | undefined;
  readonly queue?: string | undefined;
  readonly state?: WorkState | undefined;
  readonly key?: string | undefined;
  /** A field of the payload, and its value as text. */
  readonly field?: { readonly name: string; readonly value: string } | undefined;
  /** Only entries that died, or were enqueued if they are not dead, from this time on, or before that one. */
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
  /** Only entries that were enqueued before this time. */
  readonly before?: Date | undefined;
  /** A part of the error. */
  readonly error?: string | undefined;
};

export type ListedEntry = {
  id: string;
  queue: string;
  job: string;
  key: string;
  state: WorkState;
  attempts: number;
  error: string | null;
  createdAt: string;
  /** Null while it is parked or held. */
  runAt: string | null;
  deadAt: string | null;
  run: string | null;
};

export type FoundEntries = {
  readonly entries: readonly ListedEntry[];
  /** How many match, of those that were read. */
  readonly matching: number;
  /** True if more might match: not all were read. */
  readonly isPartial: boolean;
};

/** Entries read by one search. Where it uses several indexes, or several parts of one, they share it. */
const MAX_READ = 20_000;

const COLUMNS = sql`id, queue, job, key, ${STATE} as state, attempts, error, created_at as "createdAt",
  nullif(run_at, 'infinity') as "runAt", dead_at as "deadAt", parent as run`;

/** The columns that results and most conditions need. */
const READ = sql`id, queue, job, key, attempts, error, created_at, run_at, enqueued_at, dead_at, postponed_at, parent`;

/** Entries that match, in the order in which they are due, or the newest first. */
export async function findEntries(
  on: Queryable,
  catalogue: Catalogue,
  filter: EntryFilter,
  {
    limit,
    offset = 0,
    maxRead = MAX_READ,
  }: { readonly limit: number; readonly offset?: number; readonly maxRead?: number },
): Promise<FoundEntries> {
  const parts = partsFor(catalogue, filter);
  const perPart = Math.ceil(maxRead / parts.length);
  const found = await rows<Partial<ListedEntry> & { matching: number; isPartial: boolean }>(
    on,
    sql`with candidates as materialized (${unionOf(parts, perPart, filter)}),
        matching as materialized (select ${COLUMNS} from candidates where ${conditions(catalogue, filter)}),
        counted as (
          select (select count(*)::int from matching) as matching,
                 exists (select from candidates group by part having count(*) > ${perPart}) as "isPartial")
        select counted.*, page.*
        from counted left join (select * from matching order by ${orderOf(filter)} limit ${limit} offset ${offset}) page on true`,
  );
  const [{ matching, isPartial }] = found as [{ matching: number; isPartial: boolean }];
  return {
    entries: found.filter(
      (row): row is ListedEntry & { matching: number; isPartial: boolean } => row.id != null,
    ),
    matching,
    isPartial,
  };
}

/** How many of some entries have a name or an error. */
export type EntryGroup = {
  /** The name of a job, or how its error begins; null for no error. */
  readonly name: string | null;
  readonly count: number;
};

export type GroupedEntries = { readonly jobs: readonly EntryGroup[]; readonly errors: readonly EntryGroup[] };

/** The end of an error may be specific to one entry. */
export const ERROR_BEGINNING = 48;
/** Groups of either kind that are read. */
const MAX_GROUPS = 200;

/** Counts the entries that `findEntries` finds, by the name on them and by error, the most frequent first. */
export async function entryGroups(
  on: Queryable,
  catalogue: Catalogue,
  filter: EntryFilter,
  maxRead = MAX_READ,
): Promise<GroupedEntries> {
  const parts = partsFor(catalogue, filter);
  const groupOf = (by: "job" | "error", name: SQL) =>
    sql`(select ${by} as by, ${name} as name, count(*)::int as count from matching
         group by 2 order by count desc, name limit ${MAX_GROUPS})`;
  const found = await rows<EntryGroup & { by: "job" | "error" }>(
    on,
    sql`with candidates as materialized (${unionOf(parts, Math.ceil(maxRead / parts.length), filter)}),
        matching as materialized (select job, left(error, ${ERROR_BEGINNING}) as error from candidates where ${conditions(catalogue, filter)})
        ${groupOf("job", sql`job`)} union all ${groupOf("error", sql`error`)}`,
  );
  const groups = (by: "job" | "error"): EntryGroup[] =>
    found.flatMap(({ name, count, ...group }) => (group.by === by ? [{ name, count }] : []));
  return { jobs: groups("job"), errors: groups("error") };
}

const orderOf = ({ state }: EntryFilter): SQL => {
  if (state === "due" || state === "later") return sql`"runAt", id`;
  return state === "dead" ? sql`"deadAt" desc, id desc` : sql`id desc`;
};

/** Every name that an entry of a job may have; of an unknown job, that name. */
function entryNames({ jobs }: Catalogue, name: string): string[] {
  const job = jobs.find((each) => each.name === name);
  if (!job) return [name];
  return job.form === "ranged"
    ? (["whole", "range", "sum"] as const).flatMap((part) => namesOf(job, part))
    : namesOf(job, "whole");
}

/** A part of an index that is read: which entries, and in which order. */
type IndexPart = { readonly where: SQL; readonly order: SQL };

/** One entry more than the limit is read from each part, to know whether there are more. */
function unionOf(parts: readonly IndexPart[], perPart: number, { field }: EntryFilter): SQL {
  // Payloads are large, and few searches compare them.
  const columns = field === undefined ? READ : sql`${READ}, payload`;
  return sql.join(
    parts.map(
      ({ where, order }, part) =>
        sql`(select ${part}::int as part, ${columns} from outbox where ${where} order by ${order} limit ${perPart + 1})`,
    ),
    sql` union all `,
  );
}

/**
 * The parts of the most selective index that may contain matching entries. With a field, the entries whose
 * key is its value come first, as it usually is: they are found however many others there are.
 */
function partsFor(catalogue: Catalogue, filter: EntryFilter): IndexPart[] {
  const { job, key, field } = filter;
  const names = job === undefined ? null : entryNames(catalogue, job);
  if (key !== undefined) return [withKey(names ?? catalogue.names, key)];
  if (field === undefined) return scanned(names, filter);
  const having = names ?? namesHaving(catalogue, field.name);
  const withValue = withKey(having, field.value);
  const others = scanned(having, filter).map(({ where, order }) => ({
    where: sql`${where} and not (${withValue.where})`,
    order,
  }));
  return [withValue, ...others];
}

/** The parts that are read in order when no key is known. */
function scanned(names: readonly string[] | null, filter: EntryFilter): IndexPart[] {
  const { queue, state } = filter;
  if (state === "dead") return [deadBetween(filter)];
  if (state === "carried") return [CARRIED];
  if (names !== null) return names.map(ofName);
  if (state !== undefined || queue !== undefined) return waiting(queue, state);
  return [{ where: sql`true`, order: sql`id desc` }];
}

const DEAD: IndexPart = { where: sql`dead_at is not null`, order: sql`dead_at desc` };
/** The dead letters of an outage are adjacent in the index. */
const deadBetween = ({ from, until }: EntryFilter): IndexPart => ({
  ...DEAD,
  where: sql`dead_at is not null
    and dead_at >= coalesce(${from ?? null}::timestamptz, '-infinity') and dead_at < coalesce(${until ?? null}::timestamptz, 'infinity')`,
});
const CARRIED: IndexPart = {
  where: sql`enqueued_at is not null and dead_at is null`,
  order: sql`enqueued_at`,
};

/** The index outbox_job_key, a lookup for each name. */
const withKey = (names: readonly string[], key: string): IndexPart => ({
  where: sql`job = any(${array(names)}::text[]) and key = ${key}`,
  order: sql`id`,
});

/** The same index, in the order of the keys of a name. */
const ofName = (name: string): IndexPart => ({ where: sql`job = ${name}`, order: sql`job, key` });

/** The names of entries whose payload has a field. */
const namesHaving = (catalogue: Catalogue, field: string): string[] =>
  catalogue.jobs
    .filter((job) => payloadFieldsOf(job).fields.some(([name]) => name === field))
    .flatMap((job) => entryNames(catalogue, job.name));

/** The index outbox_due, ordered within each queue; carried and dead entries as well if no state is given. */
function waiting(queue: string | undefined, state: WorkState | undefined): IndexPart[] {
  const due = { due: sql`run_at <= now()`, later: sql`run_at > now() and run_at < 'infinity'` } as const;
  const at = state === "due" || state === "later" ? due[state] : sql`run_at = 'infinity'`;
  const inQueues = (queue === undefined ? QUEUE_NAMES : [queue]).map((name) => ({
    where: sql`queue = ${name} and enqueued_at is null and dead_at is null and ${state === undefined ? sql`true` : at}`,
    order: sql`run_at, id`,
  }));
  return state === undefined ? [...inQueues, CARRIED, DEAD] : inQueues;
}

function conditions(catalogue: Catalogue, filter: EntryFilter): SQL {
  const { job, queue, state, key, field, from, until, before, error } = filter;
  const all = [
    job === undefined ? null : sql`job = any(${array(entryNames(catalogue, job))}::text[])`,
    queue === undefined ? null : sql`queue = ${queue}`,
    state === undefined ? null : sql`${STATE} = ${state}`,
    key === undefined ? null : sql`key = ${key}`,
    // Ranges and sums hold the payload of their run in `input`.
    field === undefined
      ? null
      : sql`coalesce(payload ->> ${field.name}, payload -> 'input' ->> ${field.name}, payload -> 'range' ->> ${field.name}) = ${field.value}`,
    from === undefined ? null : sql`coalesce(dead_at, created_at) >= ${from}::timestamptz`,
    until === undefined ? null : sql`coalesce(dead_at, created_at) < ${until}::timestamptz`,
    before === undefined ? null : sql`created_at < ${before}::timestamptz`,
    error === undefined ? null : sql`strpos(error, ${error}) > 0`,
  ].filter((condition) => condition !== null);
  return all.length === 0 ? sql`true` : sql.join(all, sql` and `);
}

export type EntryDetails = ListedEntry & {
  payload: unknown;
  /** The request of an outside call, without the facts it was based on. */
  request: unknown;
  asks: number;
  slot: string | null;
  carrier: string | null;
  enqueuedAt: string | null;
  leasedUntil: string | null;
  postponedAt: string | null;
  /** The span that enqueued it, if tracing was on. */
  trace: string | null;
  /** The entry that enqueued it, and its name; of a group, the first one. Null for entries of runs. */
  causedBy: string | null;
  causedByJob: string | null;
};

/** One entry with everything that is stored of it, for operators only. */
export async function loadEntry(on: Queryable, id: string): Promise<EntryDetails | undefined> {
  const [entry] = await rows<EntryDetails>(
    on,
    sql`select ${COLUMNS}, payload, request -> 'request' as request, asks, slot, carrier, enqueued_at as "enqueuedAt",
               leased_until as "leasedUntil", postponed_at as "postponedAt", trace,
               caused_by as "causedBy", caused_by_job as "causedByJob"
        from outbox where id = ${id}`,
  );
  return entry;
}

/** What an entry has enqueued that is not settled yet. */
export type LedTo = {
  readonly entries: readonly ListedEntry[];
  /** True if more might have been enqueued by it: not all were read. */
  readonly isPartial: boolean;
};

/**
 * Looks for what an entry has enqueued among the entries after it. There is no index by cause, since every
 * insert would have to write to it.
 */
export async function entriesCausedBy(
  on: Queryable,
  id: string,
  limit: number,
  maxRead = MAX_READ,
): Promise<LedTo> {
  const found = await rows<Partial<ListedEntry> & { isPartial: boolean }>(
    on,
    sql`with later as materialized (select ${READ}, caused_by from outbox where id > ${id} order by id limit ${maxRead + 1}),
        counted as (select count(*) > ${maxRead} as "isPartial" from later)
        select counted.*, caused.* from counted
        left join (select ${COLUMNS} from later where caused_by = ${id} order by id limit ${limit}) caused on true`,
  );
  return {
    entries: found.filter((row): row is ListedEntry & { isPartial: boolean } => row.id != null),
    isPartial: found[0]?.isPartial ?? false,
  };
}

/** Whether the outbox has an entry. */
export const isInOutbox = async (on: Queryable, id: string): Promise<boolean> =>
  (await rows(on, sql`select 1 from outbox where id = ${id}`)).length > 0;

/**
 * The unsettled entries of a trace, in the order in which they were enqueued: work caused by the same call or
 * event.
 */
export const entriesOfTrace = (on: Queryable, traceId: string, limit: number): Promise<ListedEntry[]> =>
  rows<ListedEntry>(
    on,
    sql`select ${COLUMNS} from outbox where trace is not null and substr(trace, 4, 32) = ${traceId} order by id limit ${limit}`,
  );

export type RunEntry = Pick<ListedEntry, "id" | "job" | "state" | "runAt" | "attempts" | "error">;

/** The entries of a run that are not settled: those that failed first, then those that are due. */
export const entriesOfRun = (on: Queryable, run: string, limit: number): Promise<RunEntry[]> =>
  rows<RunEntry>(
    on,
    sql`select id, job, ${STATE} as state, nullif(run_at, 'infinity') as "runAt", attempts, error
        from outbox where parent = ${run} order by dead_at is null, attempts desc, run_at, id limit ${limit}`,
  );
