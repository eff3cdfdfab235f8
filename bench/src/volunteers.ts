import type { Scratch } from "./database.ts";

export type VolunteerPlan = {
  readonly organizations: number;
  readonly volunteers: number;
  readonly assignments: number;
  /** The instant that the benchmark computes for. */
  readonly at: string;
  /** How far the assignments reach back, and how much they crowd at the end: 1 is evenly. */
  readonly days: number;
  readonly lately: number;
};

const PIECES = 20;

/** SQL: a pseudo-random number from 0 to 1 for a row and a purpose, the same in every session. */
const chance = (row: string, purpose: number): string =>
  `((hashint8extended(${row}, ${purpose}) & 2147483647)::float8 / 2147483648)`;

/**
 * Loads volunteers of many organizations, of levels 2 to 7, nine in ten referred by an earlier one of their
 * organization, and their assignments: three quarters approved, a tenth rejected, the rest submitted or open.
 * The ids of an organization are scattered.
 */
export async function loadVolunteers(scratch: Scratch, plan: VolunteerPlan): Promise<void> {
  const { organizations, volunteers } = plan;
  // A bulk load, consistent by construction.
  for (const table of ["volunteer_profiles", "task_assignments"])
    await scratch.sql(`alter table ${table} disable trigger all`);
  await scratch.sql(
    "insert into organizations (name, time_zone, budgets_from) select 'Bench ' || g, 'UTC', '2030-01-01' from generate_series(1, $1::int) g",
    [organizations],
  );
  await scratch.sql("insert into users (created_at) select '2020-01-01' from generate_series(1, $1::int)", [
    volunteers,
  ]);
  // The referrer of i is an earlier one with the same remainder, that is, of the same organization.
  await scratch.sql(
    `insert into volunteer_profiles (user_id, organization_id, referrer_id, referral_code, created_at, referred_at, level)
     select i, (i - 1) % $2::bigint + 1, r, lpad(upper(to_hex(i)), 8, '0'), '2020-01-01', case when r is not null then timestamptz '2020-01-02' end,
            2 + floor(${chance("i", 2)} * ${chance("i", 3)} * 6)
     from (select i, case when i > $2::bigint and ${chance("i", 1)} < 0.9
                          then (i - 1) % $2::bigint + 1 + $2::bigint * floor(${chance("i", 4)} * ((i - 1) / $2::bigint)) end::bigint as r
           from generate_series(1, $1::bigint) i) drawn`,
    [volunteers, organizations],
  );
  await scratch.sql(
    "insert into ledger_accounts (kind, profile_id) select 'volunteer', id from volunteer_profiles order by id",
  );
  await scratch.sql(
    "insert into ledger_balances (account_id) select id from ledger_accounts where kind = 'volunteer' order by id",
  );
  await scratch.sql(
    "insert into task_templates (xp_reward, level_required) select 10 + g, 1 + g % 5 from generate_series(1, 50) g",
  );
  await loadAssignments(scratch, plan);
  for (const table of ["volunteer_profiles", "task_assignments"])
    await scratch.sql(`alter table ${table} enable trigger all`);
}

const INDEXES = ["task_assignments_reviewed", "task_assignments_activity", "task_assignments_open"] as const;

async function loadAssignments(scratch: Scratch, plan: VolunteerPlan): Promise<void> {
  const definitions = await scratch.sql("select indexdef from pg_indexes where indexname = any($1)", [
    INDEXES,
  ]);
  await scratch.sql(`drop index ${INDEXES.join(", ")}`);
  const size = Math.ceil(plan.assignments / PIECES);
  const piece = (from: number) =>
    scratch.sql(
      `insert into task_assignments (template_id, assignee_id, status, assigned_at, submitted_at, reviewed_at)
       select 1 + g % 50, 1 + floor(${chance("g", 5)} * $3::bigint), status, given,
              case when status <> 'pending' then given + wait * interval '4 days' end,
              case when status in ('approved', 'rejected') then given + wait * interval '6 days' end
       from (select g, ${chance("g", 6)} as wait,
                    $4::timestamptz - interval '6 days' - power(${chance("g", 7)}, $6::float8) * $5 * interval '1 day' as given,
                    case when kind < 0.75 then 'approved' when kind < 0.85 then 'rejected' when kind < 0.92 then 'submitted' else 'pending' end as status
             from (select g, ${chance("g", 8)} as kind from generate_series($1::bigint, $2::bigint) g) drawn) timed`,
      [from, Math.min(from + size - 1, plan.assignments), plan.volunteers, plan.at, plan.days, plan.lately],
    );
  const starts = Array.from({ length: PIECES }, (_, n) => 1 + n * size).filter(
    (from) => from <= plan.assignments,
  );
  // Two at a time, for two cores.
  for (let n = 0; n < starts.length; n += 2) await Promise.all(starts.slice(n, n + 2).map(piece));
  // In parallel, with enough memory to sort.
  await Promise.all(
    definitions.map(({ indexdef }) => scratch.sql(`set maintenance_work_mem = '1GB'; ${String(indexdef)}`)),
  );
}
