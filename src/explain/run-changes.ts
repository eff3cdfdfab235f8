import { type SQL, sql } from "drizzle-orm";
import { type AuditEntry, listAuditLog } from "../db/audit-log.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { ListArea } from "../db/versions.ts";
import type { Run } from "../queues/runs.ts";
import { TRANSACTIONS_OF_SALE } from "../rewards/invariants.ts";
import { formatAmount } from "../scoring/money.ts";
import { percentOf } from "../scoring/project-matching/match.ts";
import { hundredths } from "./explanation.ts";

/** What a row is about. `id` is ours. */
type About = {
  readonly table:
    | "volunteer_profiles"
    | "token_sales"
    | "budget_periods"
    | "projects"
    | "users"
    | "list_versions"
    | "ledger_verifications";
  readonly id: string;
};

/** A row that a run wrote. */
export type ChangedRow = {
  readonly about: About;
  /** Our id of the user whom it is about; null for none. */
  readonly userId: string | null;
  readonly change: string;
  readonly at: Date;
};

/** Rows of one kind that a run wrote. */
export type ChangedRows = {
  readonly kind: string;
  readonly rows: readonly ChangedRow[];
  /** True if the run wrote more of them. */
  readonly isPartial: boolean;
};

export type RunChanges = {
  readonly parts: readonly ChangedRows[];
  /** What the run recorded in the audit log. */
  readonly audited: readonly AuditEntry[];
};

/** Rows of each kind that are read. */
export const CHANGES_READ = 50;

/** From when to when a run wrote, and as of when. */
type Span = {
  readonly run: Run;
  readonly from: Date;
  readonly to: Date;
};

type Reader = (on: Queryable, span: Span) => Promise<RunChanges>;

/**
 * Finds what a run of a job changed: by its id, by the instant that it computed for, or by its input and the
 * time in which it ran. The rows that other jobs write do not name the run.
 */
const READERS: Readonly<Record<string, Reader>> = {
  "recalculate-multipliers": async (on, span) => ({ parts: [await multipliers(on, span)], audited: [] }),
  "distribute-budget": async (on, span) => ({ parts: [await periods(on, span)], audited: [] }),
  "distribute-commission": saleChanges,
  "release-commission": saleChanges,
  "reverse-sale": saleChanges,
  "notify-project-matches": async (on, span) => ({ parts: [await notices(on, span)], audited: [] }),
  "generate-recommendations": async (on, span) => ({ parts: [await recommendations(on, span)], audited: [] }),
  "match-scores": versionsOf("pairs"),
  compatibility: versionsOf("compatibility"),
  "build-user-traits": versionsOf("traits"),
  "verify-ledger": async (on, span) => ({
    parts: [await verifications(on, span)],
    audited: await auditedIn(on, span, { action: "ledger.drift" }),
  }),
  "verify-mirrors": async (on, span) => ({
    parts: [],
    audited: await auditedIn(on, span, { action: "mirror.differs" }),
  }),
  "erase-user": async (on, span) => ({
    parts: [],
    audited: await auditedIn(on, span, { subject: `users:${idIn(span, "userId")}` }),
  }),
};

/** The jobs with a reader. */
export const JOBS_WITH_CHANGES: readonly string[] = Object.keys(READERS);

/** Postgres stores microseconds, a Date has milliseconds. */
const ROUNDING_MS = 1_000;

/** What a run changed; null if its job writes no rows that name the run. */
export async function readRunChanges(on: Queryable, run: Run, now: Date): Promise<RunChanges | null> {
  const read = Object.hasOwn(READERS, run.job) ? READERS[run.job] : undefined;
  if (read === undefined) return null;
  const from = run.startedAt ?? run.createdAt;
  const to = new Date((run.finishedAt ?? now).getTime() + ROUNDING_MS);
  return read(on, { run, from, to });
}

/** A field of the input of a run. */
const fieldOf = ({ run: { input } }: Span, field: string): unknown =>
  (input as Readonly<Record<string, unknown>> | null)?.[field];

const textIn = (span: Span, field: string): string => String(fieldOf(span, field) ?? "");

/** An id in the input of a run; 0, which no row has, if there is none. */
function idIn(span: Span, field: string): string {
  const value = fieldOf(span, field);
  return typeof value === "string" && /^[1-9]\d{0,17}$/.test(value) ? value : "0";
}

type Found = { id: string; userId: string | null; at: string };

/** One row more than is shown is read: then there are more. */
const LIMIT = CHANGES_READ + 1;

function partOf<Row extends Found>(
  kind: string,
  table: About["table"],
  found: readonly Row[],
  change: (row: Row) => string,
): ChangedRows {
  return {
    kind,
    rows: found.slice(0, CHANGES_READ).map((row) => ({
      about: { table, id: row.id },
      userId: row.userId,
      change: change(row),
      at: new Date(row.at),
    })),
    isPartial: found.length > CHANGES_READ,
  };
}

/** SQL: whether a time is the slot of the run, or, for a manual run, within the time in which it ran. */
const isAsOf = (column: SQL, { run: { slot }, from, to }: Span): SQL =>
  slot === null
    ? sql`${column} >= ${from}::timestamptz and ${column} < ${to}::timestamptz`
    : sql`${column} = ${slot}::timestamptz`;

async function multipliers(on: Queryable, span: Span): Promise<ChangedRows> {
  // Planned as a whole: for the first rows alone Postgres would read the table from its beginning.
  const found = await rows<Found & { previous: number; value: number }>(
    on,
    sql`with changed as materialized (
          select profile_id, calculated_at, previous_hundredths, multiplier_hundredths from multiplier_history
          where ${isAsOf(sql`calculated_at`, span)}),
        shown as materialized (select * from changed limit ${LIMIT})
        select s.profile_id as id, p.user_id as "userId", s.calculated_at as at, s.previous_hundredths as previous,
               s.multiplier_hundredths as value
        from shown s join volunteer_profiles p on p.id = s.profile_id order by s.profile_id`,
  );
  return partOf(
    "Multipliers",
    "volunteer_profiles",
    found,
    ({ previous, value }) => `${hundredths(previous)} to ${hundredths(value)}`,
  );
}

async function periods(on: Queryable, span: Span): Promise<ChangedRows> {
  const found = await rows<Found & { name: string; paid: string }>(
    on,
    sql`select id, null as "userId", paid_at as at, period_type || ' ' || period_start as name, paid_micro::text as paid
        from budget_periods
        where organization_id = ${idIn(span, "organizationId")} and period_type = ${textIn(span, "period")}
          and ${isAsOf(sql`paid_at`, span)}
        order by id desc limit ${LIMIT}`,
  );
  return partOf(
    "Budget periods",
    "budget_periods",
    found,
    ({ name, paid }) => `${name}: ${formatAmount(BigInt(paid))} paid`,
  );
}

async function saleChanges(on: Queryable, span: Span): Promise<RunChanges> {
  const saleId = idIn(span, "saleId");
  const [parts, audited] = await Promise.all([
    ledgerOfSale(on, saleId, span),
    auditedIn(on, span, { subject: `token_sales:${saleId}` }),
  ]);
  return { parts: [parts], audited };
}

async function ledgerOfSale(on: Queryable, saleId: string, { from, to }: Span): Promise<ChangedRows> {
  const found = await rows<Found & { kind: string; account: string; amount: string }>(
    on,
    sql`select s.id, p.user_id as "userId", t.created_at as at, t.kind, a.kind as account, e.amount_micro::text as amount
        from token_sales s
        cross join lateral (${TRANSACTIONS_OF_SALE}) m
        join ledger_transactions t on t.id = m.id
        join ledger_entries e on e.transaction_id = t.id
        join ledger_accounts a on a.id = e.account_id
        left join volunteer_profiles p on p.id = a.profile_id
        where s.id = ${saleId} and t.created_at >= ${from}::timestamptz and t.created_at < ${to}::timestamptz
        order by t.id desc, e.leg limit ${LIMIT}`,
  );
  return partOf(
    "Ledger entries",
    "token_sales",
    found,
    ({ kind, account, amount }) => `${kind}, ${account}: ${formatAmount(BigInt(amount))}`,
  );
}

async function notices(on: Queryable, { run }: Span): Promise<ChangedRows> {
  const found = await rows<Found & { score: number }>(
    on,
    sql`select n.project_id as id, n.volunteer_id as "userId", n.notified_at as at, n.match_score as score
        from candidate_batches b join candidate_notifications n on n.batch_id = b.id
        where b.run_id = ${run.id} limit ${LIMIT}`,
  );
  return partOf(
    "Notices of projects",
    "projects",
    found,
    ({ score }) => `notified, match ${percentOf(score)} %`,
  );
}

async function recommendations(on: Queryable, span: Span): Promise<ChangedRows> {
  const found = await rows<Found & { size: number }>(
    on,
    sql`select l.user_id as id, l.user_id as "userId", l.as_of as at, cardinality(l.posting_ids) as size
        from recommendation_lists l where ${isAsOf(sql`l.as_of`, span)} order by l.as_of desc limit ${LIMIT}`,
  );
  return partOf(
    "Lists of recommendations that no later run has replaced",
    "users",
    found,
    ({ size }) => `${size} ${size === 1 ? "posting" : "postings"}`,
  );
}

/** A reader for jobs that write a new version of all lists. */
function versionsOf(area: ListArea): Reader {
  return async (on, { run }) => {
    const found = await rows<Found & { state: string; algoVersion: number }>(
      on,
      sql`select id, null as "userId", coalesce(served_at, created_at) as at, state, algo_version as "algoVersion"
          from list_versions where area = ${area} and run_id = ${run.id} order by id desc limit ${LIMIT}`,
    );
    const part = partOf(
      "Versions of all lists",
      "list_versions",
      found,
      ({ state, algoVersion }) => `${area} of algorithm ${algoVersion}: ${state}`,
    );
    return { parts: [part], audited: [] };
  };
}

async function verifications(on: Queryable, span: Span): Promise<ChangedRows> {
  const found = await rows<Found & { scope: string; drift: number | null }>(
    on,
    sql`select as_of::text as id, null as "userId", as_of as at, scope, drift from ledger_verifications
        where ${isAsOf(sql`as_of`, span)} order by as_of desc limit ${LIMIT}`,
  );
  return partOf(
    "Verifications",
    "ledger_verifications",
    found,
    ({ scope, drift }) =>
      `${scope === "all" ? "everything" : "what is new"}: ${drift === null ? "not finished" : `${drift} faults`}`,
  );
}

const auditedIn = (
  on: Queryable,
  { from, to }: Span,
  filter: { readonly action?: string; readonly subject?: string },
): Promise<AuditEntry[]> => listAuditLog(on, { ...filter, from, to }, CHANGES_READ);
