import type { Person } from "./factories.ts";
import type { World } from "./world.ts";

export type Assignment = {
  assignee: Person;
  status?: "pending" | "submitted" | "approved" | "rejected";
  assignedAt?: string;
  submittedAt?: string | null;
  reviewedAt?: string | null;
  templateId?: string;
};

const LONG_AGO = "2020-01-01T00:00:00Z";

export async function template(
  world: World,
  fields: { xpReward?: number; levelRequired?: number } = {},
): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    "insert into task_templates (xp_reward, level_required) values ($1, $2) returning id",
    [fields.xpReward ?? 20, fields.levelRequired ?? 1],
  );
  return (row as { id: string }).id;
}

/** Writes assignments as they stand, in one statement, in the order given. */
export async function assign(world: World, ...assignments: Assignment[]): Promise<string[]> {
  const templateId = assignments.every((a) => a.templateId) ? null : await template(world);
  const column = <T>(read: (assignment: Assignment) => T) => assignments.map(read);
  const inserted = await world.query<{ id: string }>(
    `insert into task_assignments (template_id, assignee_id, status, assigned_at, submitted_at, reviewed_at)
     select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
     returning id`,
    [
      column((a) => a.templateId ?? templateId),
      column((a) => a.assignee.profileId),
      column((a) => a.status ?? "pending"),
      column((a) => a.assignedAt ?? a.submittedAt ?? a.reviewedAt ?? LONG_AGO),
      column((a) => a.submittedAt ?? null),
      column((a) => a.reviewedAt ?? null),
    ],
  );
  return inserted.map(({ id }) => id);
}

/** `count` assignments of a volunteer that were submitted and approved at the same time. */
export const approve = (
  world: World,
  assignee: Person,
  count: number,
  at: string,
  templateId?: string,
): Promise<string[]> =>
  assign(
    world,
    ...Array.from({ length: count }, () => ({
      assignee,
      status: "approved" as const,
      submittedAt: at,
      reviewedAt: at,
      ...(templateId ? { templateId } : {}),
    })),
  );

/** The multiplier of a profile, in hundredths. */
export async function multiplierOf(world: World, person: Person): Promise<number> {
  const [row] = await world.query<{ m: string }>(
    "select (activity_multiplier * 100)::int::text as m from volunteer_profiles where id = $1",
    [person.profileId],
  );
  return Number(row?.m);
}
