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

/** Who decided something, and what the audit log keeps of it beside what was done. */
export type Decided = {
  readonly actor: string;
  readonly reason?: string | undefined;
  /** The network address that the request came from; none at the command line. */
  readonly address?: string | undefined;
};

/** Why and from where something was decided, as details of its row. */
export const circumstancesOf = ({ reason, address }: Decided): Record<string, unknown> => ({
  ...(reason === undefined ? {} : { reason }),
  ...(address === undefined ? {} : { address }),
});

/** Records an action of an operator, or a finding of the service. Ids only, no personal values. */
export const audit = async (on: Queryable, row: AuditRow): Promise<void> => {
  await auditAll(on, [row]);
};

/** Records an action that operators look at afterwards. @returns the id of its entry. */
export const auditAndFollow = async (on: Queryable, row: AuditRow): Promise<string> =>
  (await auditAll(on, [row]))[0] as string;

/** Records several in one statement. @returns their ids, in any order. */
export async function auditAll(on: Queryable, all: readonly AuditRow[]): Promise<string[]> {
  if (all.length === 0) return [];
  const recorded = await rows<{ id: string }>(
    on,
    sql`insert into audit_log (actor, action, subject, details)
        select actor, action, subject, details::jsonb
        from unnest(${array(all.map(({ actor }) => actor))}::text[], ${array(all.map(({ action }) => action))}::text[],
                    ${array(all.map(({ subject }) => subject))}::text[],
                    ${array(all.map(({ details = {} }) => JSON.stringify(details)))}::text[])
          with ordinality as a(actor, action, subject, details, n)
        order by n
        returning id`,
  );
  return recorded.map(({ id }) => id);
}
