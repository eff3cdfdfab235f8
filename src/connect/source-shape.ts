import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";

const nameOf = (table: string) =>
  sql.raw(`${table}.relnamespace::regnamespace::text || '.' || ${table}.relname`);

/** What of a table decides whether its triggers fire for every change of the rows that a select reads. */
type Shape = {
  readonly oid: string;
  readonly name: string;
  readonly isPlain: boolean;
  readonly isPartition: boolean;
  /** The table that it is a partition of, or inherits from. */
  readonly parent: string | null;
  /** A table that inherits from it. */
  readonly child: string | null;
};

/**
 * Why changes of tables would be missed, by oid; tables of which none would be are left out. A statement
 * fires the triggers of the table that it names: none of a partition or a child whose rows it changes through
 * the parent, and none of the parent for rows of a child, which a select of the parent reads as well.
 */
export async function shapeFaults(
  on: Queryable,
  oids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const shapes = await rows<Shape>(
    on,
    sql`select c.oid::text as oid, ${nameOf("c")} as name, c.relkind = 'r' as "isPlain", c.relispartition as "isPartition",
               (select min(${nameOf("p")}) from pg_inherits i join pg_class p on p.oid = i.inhparent where i.inhrelid = c.oid) as parent,
               (select min(${nameOf("p")}) from pg_inherits i join pg_class p on p.oid = i.inhrelid where i.inhparent = c.oid) as child
        from pg_class c where c.oid = any(${array(oids)}::oid[])`,
  );
  return new Map(
    shapes.flatMap((shape) => {
      const fault = faultOf(shape);
      return fault === null ? [] : [[shape.oid, fault] as const];
    }),
  );
}

function faultOf({ name, isPlain, isPartition, parent, child }: Shape): string | null {
  if (!isPlain) return `${name} is not a plain table: its changes cannot be noted`;
  if (isPartition)
    return `${name} is a partition of ${parent}, and changes through ${parent} are not noted: detach it, or send its rows as records`;
  if (parent !== null)
    return `${name} inherits from ${parent}, and changes through ${parent} are not noted: end the inheritance, or send its rows as records`;
  if (child !== null)
    return `${child} inherits from ${name}, and changes of ${child} are not noted: end the inheritance, or send the rows of both as records`;
  return null;
}
