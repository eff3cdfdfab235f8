import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "./statement.ts";

export type AuditRow = {
  /** An operator's login, `cli`, or `service`. */
  readonly actor: string;
  /** `noun.verb`. */
  readonly action: string;
  /** `table:id`. */
  readonly subject: string;
  readonly details?: Record<string, unknown>;
};

/** Records an action of an operator, or a finding of the service. Ids only, no personal values. */
export const audit = (on: Queryable, row: AuditRow): Promise<void> => auditAll(on, [row]);

/** Records an action that operators look at afterwards. @returns the id of its entry. */
export async function auditAndFollow(
  on: Queryable,
  { actor, action, subject, details }: AuditRow,
): Promise<string> {
  const [entry] = await rows<{ id: string }>(
    on,
    sql`insert into audit_log (actor, action, subject, details)
        values (${actor}, ${action}, ${subject}, ${JSON.stringify(details ?? {})}::jsonb) returning id`,
  );
  if (!entry) throw new Error(`recording ${action} returned no row`);
  return entry.id;
}

/** Records several in one statement. */
export async function auditAll(on: Queryable, all: readonly AuditRow[]): Promise<void> {
  if (all.length === 0) return;
  await on.execute(
    sql`insert into audit_log (actor, action, subject, details)
        select actor, action, subject, details::jsonb
        from unnest(${array(all.map(({ actor }) => actor))}::text[], ${array(all.map(({ action }) => action))}::text[],
                    ${array(all.map(({ subject }) => subject))}::text[],
                    ${array(all.map(({ details = {} }) => JSON.stringify(details)))}::text[])
          with ordinality as a(actor, action, subject, details, n)
        order by n`,
  );
}
