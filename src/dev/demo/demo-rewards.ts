import { sql } from "drizzle-orm";
import { formatTable } from "../../cli/table.ts";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { formatNumber } from "../../format-counts.ts";
import { formatAmount } from "../../scoring/money.ts";
import { left, reportSection, right } from "./demo-report.ts";

const MOVED_SHOWN = 5;
const AWARDS_SHOWN = 5;

/** Results of multipliers and of the three budgets, as tables. */
export async function rewardsText(db: Database): Promise<string> {
  return (await multipliersText(db)) + (await budgetsText(db));
}

type Movement = {
  name: string;
  level: number;
  approved: number;
  referrals: number;
  days: number | null;
  multiplier: string;
};

/** The highest multipliers with their inputs. */
async function multipliersText(db: Database): Promise<string> {
  const [all] = await rows<{ moved: number; above: number }>(
    db.drizzle,
    sql`select (select count(*)::int from multiplier_history) as moved,
               (select count(*)::int from volunteer_profiles where activity_multiplier > 1) as above`,
  );
  const highest = await rows<Movement>(
    db.drizzle,
    sql`select u.name, h.level, h.approved_in_30_days as approved, h.active_direct_referrals as referrals,
               h.days_since_last_activity as days, p.activity_multiplier::text as multiplier
        from volunteer_profiles p
        join users u on u.id = p.user_id
        cross join lateral (
          select * from multiplier_history m where m.profile_id = p.id order by m.calculated_at desc limit 1) h
        order by p.activity_multiplier desc, p.id limit ${MOVED_SHOWN}`,
  );
  return reportSection(
    `Multipliers: ${formatNumber(all?.above ?? 0)} volunteers above 1.00 after ${formatNumber(all?.moved ?? 0)} changes. The highest:`,
    formatTable(
      [
        left("Volunteer"),
        right("Level"),
        right("Approved, 30 days"),
        right("Active referrals"),
        right("Days idle"),
        right("Multiplier"),
      ],
      highest.map((m) => [m.name, m.level, m.approved, m.referrals, m.days, m.multiplier]),
    ),
  );
}

type Period = {
  id: string;
  type: string;
  start: string;
  organization: string;
  pool: string;
  paid: string;
  leftover: string;
  eligible: number;
};

type Award = { rank: number; name: string; score: string; multiplier: number; amount: string };

/** The latest paid budget of each type. */
async function budgetsText(db: Database): Promise<string> {
  const periods = await rows<Period>(
    db.drizzle,
    sql`select distinct on (b.period_type) b.id, b.period_type as type, b.period_start::text as start,
               replace(o.name, 'Demo: ', '') as organization, b.pool_micro::text as pool, b.paid_micro::text as paid,
               b.leftover_micro::text as leftover, b.eligible
        from budget_periods b join organizations o on o.id = b.organization_id
        where b.paid_micro > 0 order by b.period_type, b.period_start desc, b.id desc`,
  );
  const texts: string[] = [];
  // Ordered by length.
  for (const type of ["daily", "weekly", "monthly"]) {
    const period = periods.find((candidate) => candidate.type === type);
    if (period) texts.push(await budgetText(db, period));
  }
  return texts.join("");
}

async function budgetText(db: Database, period: Period): Promise<string> {
  const awards = await rows<Award>(
    db.drizzle,
    sql`select a.rank, u.name, (a.score_hundredths / 100.0)::numeric(12, 2)::text as score, a.multiplier_hundredths as multiplier,
               a.amount_micro::text as amount
        from budget_awards a join volunteer_profiles p on p.id = a.profile_id join users u on u.id = p.user_id
        where a.period_id = ${period.id} and a.amount_micro > 0 order by a.rank limit ${AWARDS_SHOWN}`,
  );
  const tokens = (micro: string) => formatAmount(BigInt(micro));
  const pool = BigInt(period.pool);
  const share = (micro: string) => `${(Number((BigInt(micro) * 10_000n) / pool) / 100).toFixed(2)} %`;
  return reportSection(
    `${capitalized(period.type)} budget of ${period.organization}, period from ${period.start}: pool ${tokens(period.pool)}, ` +
      `${period.eligible} eligible, paid ${tokens(period.paid)}, left over ${tokens(period.leftover)}`,
    formatTable(
      [right("Rank"), left("Volunteer"), right("Score"), right("Multiplier"), right("Share"), right("Award")],
      awards.map((a) => [
        a.rank,
        a.name,
        a.score,
        (a.multiplier / 100).toFixed(2),
        share(a.amount),
        tokens(a.amount),
      ]),
    ),
  );
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
