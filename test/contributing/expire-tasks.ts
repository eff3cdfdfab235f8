import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../src/db/statement.ts";
import type { Tx } from "../../src/db/transaction.ts";
import { emit } from "../../src/events/event.ts";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { isExpired } from "./expiry.ts";
import { taskExpired } from "./task-expired.ts";

/** Consecutive assignments, by id, that one transaction handles. */
const taskRange = z.object({ first: z.string(), last: z.string(), days: z.int() });
type TaskRange = z.infer<typeof taskRange>;

const TASKS_PER_RANGE = 1_000;

/** Scheduled every hour, since midnight is at a different hour in each zone. */
export const expireTasks = defineJob({
  name: "expire-tasks",
  queue: "maintenance",
  description: "Rejects tasks that were not handed in within the given number of days.",
  payload: z.object({ days: z.int().min(1).default(30).describe("local days before a task expires") }),
  key: ({ days }) => String(days),
  range: taskRange,
  cut: async ({ days }, { tx }) => {
    const ranges = await rows<{ first: string; last: string }>(
      tx,
      sql`select min(id) as first, max(id) as last
          from (select id, (row_number() over (order by id) - 1) / ${TASKS_PER_RANGE} as range
                from task_assignments where status = 'pending') pending
          group by range order by first`,
    );
    return ranges.map((range): TaskRange => ({ ...range, days }));
  },
  run: async (range, { tx, now, settings, remark }) => {
    const pending = await readPending(tx, range, settings.notifications.userTimeZone);
    const expired = pending.filter((task) => isExpired(task, now, range.days));
    for (const { id } of expired) remark({ about: `task ${id}`, decision: "expired" });
    await tx.execute(
      sql`update task_assignments set status = 'rejected', reviewed_at = ${now}
          where id = any(${array(expired.map(({ id }) => id))}::bigint[])`,
    );
    await emit(
      tx,
      taskExpired,
      expired.map(({ id, userId }) => ({
        payload: { user_id: userId, assignment_id: id },
        occurredAt: now,
      })),
    );
    return done({ expired: expired.length });
  },
  sum: async (_payload, counts) => done({ expired: 0, ...counts }),
});

/** Locks the assignments, so that one handed in at the same time is not rejected. */
async function readPending(tx: Tx, { first, last }: TaskRange, defaultZone: string) {
  const found = await rows<{ id: string; userId: string; assignedAt: string; timeZone: string }>(
    tx,
    sql`select a.id, p.user_id as "userId", a.assigned_at as "assignedAt",
               coalesce(u.time_zone, ${defaultZone}) as "timeZone"
        from task_assignments a
        join volunteer_profiles p on p.id = a.assignee_id
        join users u on u.id = p.user_id
        where a.id between ${first} and ${last} and a.status = 'pending'
        order by a.id for update of a`,
  );
  return found.map((task) => ({ ...task, assignedAt: new Date(task.assignedAt) }));
}
