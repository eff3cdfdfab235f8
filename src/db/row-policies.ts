type Reader = {
  /** The commands that a policy must be for, as in `pg_policy.polcmd`. */
  readonly commands: readonly ("*" | "r")[];
  /** SQL: the name of the role; default: the current one. */
  readonly role?: string;
};

/**
 * SQL: whether policies may hide rows of a table from a role that row security applies to: none shows it
 * every row, or another one restricts it.
 *
 * @param table the alias of its row in pg_class.
 */
export function policiesHideRows(table: string, { commands, role = "current_user" }: Reader): string {
  const list = commands.map((command) => `'${command}'`).join(", ");
  return `(not exists (
            select 1 from pg_policy p
            where p.polrelid = ${table}.oid and p.polpermissive and p.polcmd in (${list}) and pg_get_expr(p.polqual, ${table}.oid) = 'true'
              and exists (select 1 from unnest(p.polroles) r where r = 0 or pg_has_role(${role}, r, 'usage')))
       or exists (select 1 from pg_policy p where p.polrelid = ${table}.oid and not p.polpermissive))`;
}
