import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import type { taskAssignments } from "../../db/schema/tasks.ts";
import { array, rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type Random, seededRandom } from "../../random.ts";
import type { Community } from "./community.ts";

const TASKS = [
  { title: "Sort donations", xpReward: 10, levelRequired: 1 },
  { title: "Serve a shift in the kitchen", xpReward: 20, levelRequired: 1 },
  { title: "Take water samples", xpReward: 25, levelRequired: 1 },
  { title: "Map a street", xpReward: 30, levelRequired: 2 },
  { title: "Guide newcomers", xpReward: 40, levelRequired: 2 },
  { title: "Lead a crew for a day", xpReward: 60, levelRequired: 3 },
] as const;

const DAYS = 65;
const HOUR_MS = 3_600_000;
/** Most members do little, and a few do nearly everything. */
const ACTIVE_SHARE = 0.35;
const MOST_TASKS = 55;

type Assignment = {
  task: number;
  assignee: string;
  status: (typeof taskAssignments.$inferSelect)["status"];
  assignedAt: Date;
  submittedAt: Date | null;
  reviewedAt: Date | null;
};

/**
 * Writes the activity of the last nine weeks: tasks assigned, submitted, reviewed. @returns how many tasks.
 */
export async function createDemoActivity(
  db: Database,
  community: Community,
  options: { seed: number; now: Date },
): Promise<number> {
  const random = seededRandom(options.seed);
  const assignments = community.members.flatMap(({ profileId }) => {
    if (random.next() > ACTIVE_SHARE) return [];
    const count = Math.max(1, Math.round(MOST_TASKS * random.next() ** 3));
    return Array.from({ length: count }, () => assignmentOf(profileId, options.now, random));
  });
  await inTransaction(db, async (tx) => {
    const templates = await rows<{ id: string }>(
      tx,
      sql`insert into task_templates (title, xp_reward, level_required)
          select * from unnest(${array(TASKS.map((t) => t.title))}::text[], ${array(TASKS.map((t) => t.xpReward))}::int[],
                               ${array(TASKS.map((t) => t.levelRequired))}::int[]) returning id`,
    );
    const column = <T>(read: (assignment: Assignment) => T) => array(assignments.map(read));
    await tx.execute(
      sql`insert into task_assignments (template_id, assignee_id, status, assigned_at, submitted_at, reviewed_at)
          select * from unnest(
            ${column(({ task }) => templates[task]?.id)}::bigint[], ${column((a) => a.assignee)}::bigint[],
            ${column((a) => a.status)}::text[], ${column((a) => a.assignedAt.toISOString())}::timestamptz[],
            ${column((a) => a.submittedAt?.toISOString() ?? null)}::timestamptz[],
            ${column((a) => a.reviewedAt?.toISOString() ?? null)}::timestamptz[])`,
    );
  });
  return assignments.length;
}

/** A task assigned some time ago: most are submitted within days and approved a day later. */
function assignmentOf(assignee: string, now: Date, random: Random): Assignment {
  const assignedAt = new Date(now.getTime() - random.between(1, DAYS * 24) * HOUR_MS);
  const submittedAt = new Date(assignedAt.getTime() + random.between(2, 100) * HOUR_MS);
  const reviewedAt = new Date(submittedAt.getTime() + random.between(1, 40) * HOUR_MS);
  const base = { task: random.between(0, TASKS.length - 1), assignee, assignedAt };
  if (random.next() < 0.1 || submittedAt >= now) {
    return { ...base, status: "pending", submittedAt: null, reviewedAt: null };
  }
  if (reviewedAt >= now) return { ...base, status: "submitted", submittedAt, reviewedAt: null };
  return { ...base, status: random.next() < 0.07 ? "rejected" : "approved", submittedAt, reviewedAt };
}
