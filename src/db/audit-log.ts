import { sql } from "drizzle-orm";
import { idsBetween, MAX_ID } from "./id-ranges.ts";
import { array, type Queryable, rows } from "./statement.ts";

/** An entry of the audit log. */
export type AuditEntry = {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  /** `noun.verb`. */
  readonly action: string;
  /** `table:id`, or a request. */
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
};

export type AuditFilter = {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** In full. */
  readonly subject?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Only entries with lower ids. */
  readonly before?: string | undefined;
};

/** The entries that pass a filter, newest first. Each part of the filter has an index. */
export async function listAuditLog(
  on: Queryable,
  { actor, action, subject, from, to, before }: AuditFilter,
  limit: number,
): Promise<AuditEntry[]> {
  const within =
    from === undefined && to === undefined
      ? { from: "0", to: MAX_ID }
      : await idsBetween(on, { table: "audit_log", time: "at" }, from ?? new Date(0), to ?? null);
  const found = await rows<Omit<AuditEntry, "at"> & { at: string }>(
    on,
    sql`select id, at, actor, action, subject, details from audit_log
        where id >= ${within.from} and id < ${within.to} and id < ${before ?? MAX_ID}
          ${actor === undefined ? sql`` : sql`and actor = ${actor}`}
          ${action === undefined ? sql`` : sql`and action = ${action}`}
          ${subject === undefined ? sql`` : sql`and subject = ${subject}`}
        order by id desc limit ${limit}`,
  );
  return found.map((entry) => ({ ...entry, at: new Date(entry.at) }));
}

/** Who did something, when, and why, as far as a reason was given. */
export type LatestDecision = { readonly at: Date; readonly actor: string; readonly reason: string | null };

/** The latest time that an action was taken about each subject, by subject; old entries are deleted. */
export async function latestDecisions(
  on: Queryable,
  action: string,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, LatestDecision>> {
  if (subjects.length === 0) return new Map();
  const found = await rows<{ subject: string; at: string; actor: string; reason: string | null }>(
    on,
    sql`select given.subject, latest.* from unnest(${array(subjects)}::text[]) as given(subject)
        cross join lateral (
          select at, actor, details ->> 'reason' as reason from audit_log
          where subject = given.subject and action = ${action} order by id desc limit 1) latest`,
  );
  return new Map(found.map(({ subject, at, ...decided }) => [subject, { ...decided, at: new Date(at) }]));
}

/** The distinct actions in the audit log, found by skipping from one to the next in its index. */
export const auditedActions = (on: Queryable): Promise<string[]> => distinctOf(on, "action");

/** The distinct actors in the audit log. */
export const auditedActors = (on: Queryable): Promise<string[]> => distinctOf(on, "actor");

const LISTED = 200;

async function distinctOf(on: Queryable, column: "action" | "actor"): Promise<string[]> {
  const name = sql.identifier(column);
  const found = await rows<{ value: string }>(
    on,
    sql`with recursive found(value) as (
          select min(${name}) from audit_log
          union all
          select (select min(a.${name}) from audit_log a where a.${name} > f.value) from found f where f.value is not null)
        select value from found where value is not null limit ${LISTED}`,
  );
  return found.map(({ value }) => value);
}
