import { type SQL, sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { MultiplierRange } from "./multiplier-range.ts";

/**
 * Profiles per transaction: half a second to a second when all multipliers change, a tenth of that when none
 * does.
 */
const PROFILES_PER_RANGE = 20_000;

export type MultiplierScope = {
  /** Null for all organizations. */
  readonly organizationId: string | null;
  readonly full: boolean;
  readonly maxHundredths: number;
};

/** Cuts the profiles of a scope into ranges of ids. */
export async function cutProfiles(tx: Tx, scope: MultiplierScope): Promise<MultiplierRange[]> {
  const { organizationId } = scope;
  // The ids of all profiles are dense, so ranges of equal width do. Those of one organization are not, so
  // rows are counted.
  const starts = organizationId === null ? await evenStarts(tx) : await countedStarts(tx, organizationId);
  const full = scope.full || (await noneIsKnown(tx, scope));
  return starts
    .slice(0, -1)
    .map((from, index) => ({ ...scope, full, from, to: starts[index + 1] as string }));
}

/** @returns the starts of the ranges, and the end of the last one. */
async function evenStarts(tx: Tx): Promise<string[]> {
  const [span] = await rows<{ least: string | null; most: string | null }>(
    tx,
    sql`select min(id) as least, max(id) as most from volunteer_profiles`,
  );
  if (!span?.least || !span.most) return [];
  const end = BigInt(span.most) + 1n;
  const starts: string[] = [];
  for (let from = BigInt(span.least); from < end; from += BigInt(PROFILES_PER_RANGE))
    starts.push(String(from));
  return [...starts, String(end)];
}

async function countedStarts(tx: Tx, organizationId: string): Promise<string[]> {
  const found = await rows<{ id: string; starts: boolean }>(
    tx,
    sql`select id, n % ${PROFILES_PER_RANGE} = 1 as starts from (
          select id, row_number() over (order by id) as n, lead(id) over (order by id) is null as ends
          from volunteer_profiles where organization_id = ${organizationId}) counted
        where n % ${PROFILES_PER_RANGE} = 1 or ends order by id`,
  );
  const last = found.at(-1);
  if (!last) return [];
  return [...found.filter(({ starts }) => starts).map(({ id }) => id), String(BigInt(last.id) + 1n)];
}

const inScope = ({ organizationId }: Pick<MultiplierScope, "organizationId">): SQL =>
  sql`(${organizationId}::bigint is null or o.id = ${organizationId}::bigint)`;

/**
 * True if no organization was ever calculated with this maximum: then a full run, which reads in id order, is
 * faster.
 */
async function noneIsKnown(tx: Tx, scope: MultiplierScope): Promise<boolean> {
  const [known] = await rows<{ none: boolean }>(
    tx,
    sql`select not exists (select 1 from organizations o join multiplier_watermarks w on w.organization_id = o.id
                           where ${inScope(scope)} and w.max_hundredths = ${scope.maxHundredths}) as none`,
  );
  return known?.none ?? true;
}

/** Records that the multipliers of a scope were calculated as of `slot`. Never moves a watermark back. */
export async function advanceWatermarks(
  tx: Tx,
  scope: Omit<MultiplierScope, "full">,
  slot: Date,
): Promise<void> {
  await tx.execute(
    sql`insert into multiplier_watermarks (organization_id, through, max_hundredths)
        select o.id, ${slot}::timestamptz, ${scope.maxHundredths} from organizations o where ${inScope(scope)} order by o.id
        on conflict (organization_id) do update set through = excluded.through, max_hundredths = excluded.max_hundredths
        where multiplier_watermarks.through <= excluded.through`,
  );
}

export async function organizationExists(tx: Tx, organizationId: string): Promise<boolean> {
  const found = await rows(tx, sql`select 1 from organizations where id = ${organizationId}`);
  return found.length > 0;
}

/** Whether another run of the job is in progress: two at once could replace a newer value by an older one. */
export async function otherRunUnderWay(tx: Tx, job: string, runId: string | null): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from job_runs where job = ${job} and finished_at is null and total is not null
          and id <> coalesce(${runId}::bigint, 0) limit 1`,
  );
  return found.length > 0;
}
