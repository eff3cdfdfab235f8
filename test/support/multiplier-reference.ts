import {
  decideMultiplier,
  type MultiplierDecision,
  type MultiplierFacts,
} from "../../src/scoring/rewards/multiplier.ts";
import type { World } from "./world.ts";

const DAY_MS = 24 * 3_600_000;

type Profile = { id: string; level: number; referrer: string | null };
type Task = { assignee: string; status: string; submitted: Date | null; reviewed: Date | null };

/**
 * The expected multiplier of each profile as of an instant, read row by row, with the formula of src/scoring.
 */
export async function referenceMultipliers(
  world: World,
  slot: Date,
  maxHundredths: number,
  organizationId: string,
): Promise<Map<string, MultiplierDecision & { facts: MultiplierFacts }>> {
  const profiles = await world.query<Profile>(
    "select id, level, referrer_id as referrer from volunteer_profiles where organization_id = $1 order by id",
    [organizationId],
  );
  const tasks = await world.query<Task>(
    `select assignee_id as assignee, t.status, submitted_at as submitted, reviewed_at as reviewed
     from task_assignments t join volunteer_profiles p on p.id = t.assignee_id where p.organization_id = $1`,
    [organizationId],
  );
  const start = slot.getTime() - 30 * DAY_MS;
  const before = (at: Date | null): at is Date => at !== null && at < slot;
  const activity = (id: string): number[] =>
    tasks
      .filter((task) => task.assignee === id)
      .flatMap(({ status, submitted, reviewed }) => [submitted, status === "approved" ? reviewed : null])
      .filter(before)
      .map((at) => at.getTime());
  const isActive = (id: string) => activity(id).some((at) => at >= start);
  const decisions = profiles.map(({ id, level }) => {
    const last = Math.max(...activity(id));
    const facts: MultiplierFacts = {
      level,
      approvedIn30Days: tasks.filter(
        ({ assignee, status, reviewed }) =>
          assignee === id && status === "approved" && before(reviewed) && reviewed.getTime() >= start,
      ).length,
      activeDirectReferrals: profiles.filter((p) => p.referrer === id && isActive(p.id)).length,
      daysSinceLastActivity: Number.isFinite(last) ? Math.floor((slot.getTime() - last) / DAY_MS) : null,
      previousHundredths: 100,
    };
    return [id, { ...decideMultiplier(facts, { maxHundredths }), facts }] as const;
  });
  return new Map(decisions);
}
