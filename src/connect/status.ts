import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { type Mirror, type ResyncPhase, readMirrors } from "./installed.ts";
import { inspectSources } from "./source-check.ts";
import { sourceName } from "./triggers.ts";
import { FAULT_TEXT } from "./troubled-rows.ts";

/** The state of one mirror. */
export type MirrorStatus = {
  readonly mirror: string;
  /** `records`: the host sends its rows. */
  readonly state: "active" | "records" | "resync" | "stopped";
  /** How far a resync is: how many rows it has compared, of the host's first, then of our own. */
  readonly resync: { readonly of: ResyncPhase; readonly rows: number } | null;
  /** Why it is stopped. */
  readonly reason: string | null;
  readonly sources: readonly string[];
  /** Why changes of the host's tables are not recorded: triggers are lost, or do not fire for each change. */
  readonly triggerFaults: readonly string[];
  /** Notes that are not applied yet, and since when the oldest waits. */
  readonly notes: number;
  readonly oldestNote: Date | null;
  readonly waiting: number;
  readonly faults: number;
  /** The newest of the faults: the key of a row, and why it is refused. */
  readonly examples: readonly FaultExample[];
};

type FaultExample = { readonly key: string; readonly why: string };

/** The mirrors, those that others refer to first. */
export async function mirrorStatus(on: Queryable, schema: string): Promise<MirrorStatus[]> {
  const counts = new Map((await countMirrors(on)).map((row) => [row.mirror, row]));
  const statuses: MirrorStatus[] = [];
  for (const mirror of await readMirrors(on)) {
    const counted = counts.get(mirror.table);
    statuses.push({
      mirror: mirror.table,
      state: stateOf(mirror),
      resync: mirror.resync && { of: mirror.resync, rows: mirror.resyncRows },
      reason: counted?.reason ?? null,
      sources: mirror.plan.sources.map(sourceName),
      triggerFaults: (await inspectSources(on, schema, mirror)).flatMap(({ fault }) => fault ?? []),
      notes: counted?.notes ?? 0,
      oldestNote: counted?.oldestNote ? new Date(counted.oldestNote) : null,
      waiting: counted?.waiting ?? 0,
      faults: counted?.faults ?? 0,
      examples: counted?.faults ? await newestFaults(on, mirror.table) : [],
    });
  }
  return statuses;
}

const EXAMPLES = 3;

/** At most 10,000 faults are read. */
const newestFaults = (on: Queryable, mirror: string): Promise<FaultExample[]> =>
  rows<FaultExample>(
    on,
    sql`select key, ${FAULT_TEXT} as why
        from (select * from mirror_faults f where f.mirror = ${mirror} limit ${ROWS_COUNTED}) f
        order by at desc, key limit ${EXAMPLES}`,
  );

function stateOf({ stopped, ofRecords, resync }: Mirror): MirrorStatus["state"] {
  if (stopped) return "stopped";
  if (ofRecords) return "records";
  return resync === null ? "active" : "resync";
}

/** The counts of one mirror, for its status and the metrics. */
export type MirrorCounts = {
  readonly mirror: string;
  readonly stopped: boolean;
  readonly reason: string | null;
  readonly notes: number;
  readonly oldestNote: string | null;
  readonly oldestSeconds: number;
  readonly waiting: number;
  readonly faults: number;
};

/** Notes that are read from each end of them: some ten milliseconds together. */
const NOTES_READ = 25_000;
/** Waiting and faulty rows that are counted for each mirror. */
const ROWS_COUNTED = 10_000;

/**
 * The counts of all mirrors, in a time that does not grow with them: of the oldest and the newest 25,000
 * notes, since those of a stopped mirror may lie before all others, and up to 10,000 rows that wait or have
 * faults.
 */
export const countMirrors = (on: Queryable): Promise<MirrorCounts[]> =>
  rows<MirrorCounts>(
    on,
    sql`with seen as (
          (select id, mirror, at from dirty order by id limit ${NOTES_READ})
          union (select id, mirror, at from dirty order by id desc limit ${NOTES_READ})),
        noted as (select mirror, count(*)::int as notes, min(at) as oldest from seen group by mirror)
        select m.table_name as mirror, m.stopped_at is not null as stopped, m.stopped_because as reason, coalesce(d.notes, 0) as notes,
               d.oldest as "oldestNote", coalesce(extract(epoch from now() - d.oldest), 0)::float8 as "oldestSeconds",
               (select count(*)::int from (select from mirror_waiting w where w.mirror = m.table_name limit ${ROWS_COUNTED}) w) as waiting,
               (select count(*)::int from (select from mirror_faults f where f.mirror = m.table_name limit ${ROWS_COUNTED}) f) as faults
        from mirrors m left join noted d on d.mirror = m.table_name`,
  );

/** The age of the oldest change of a mirror that is not applied; 0 if there is none. */
export async function mirrorLagSeconds(on: Queryable, mirror: string): Promise<number> {
  const [oldest] = await rows<{ seconds: number }>(
    on,
    sql`select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as seconds from dirty where mirror = ${mirror}`,
  );
  return oldest?.seconds ?? 0;
}

/** The last verification of all mirrors. */
export type MirrorVerification = {
  /** Since it began. */
  readonly seconds: number;
  /** Rows that differed, by mirror. */
  readonly differing: Readonly<Record<string, number>>;
};

const COUNT = "differing-";

/** The result of the last run of verify-mirrors; null before the first. */
export async function lastVerification(on: Queryable): Promise<MirrorVerification | null> {
  const [run] = await rows<{ seconds: number; counts: Record<string, number> }>(
    on,
    sql`select extract(epoch from now() - created_at)::float8 as seconds, counts from job_runs
        where job = 'verify-mirrors' and status = 'done' order by id desc limit 1`,
  );
  if (!run) return null;
  const counted = Object.entries(run.counts).filter(([name]) => name.startsWith(COUNT));
  return {
    seconds: run.seconds,
    differing: Object.fromEntries(counted.map(([name, rows]) => [name.slice(COUNT.length), rows])),
  };
}

/** The count of a run of verify-mirrors for a mirror. */
export const differingCount = (mirror: string): string => `${COUNT}${mirror}`;
