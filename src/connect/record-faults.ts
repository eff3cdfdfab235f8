import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { RefusedKey } from "./isolate.ts";
import type { FieldFault } from "./record-values.ts";

const NOT_NULL = "23502";
const FOREIGN_KEY = "23503";
const UNIQUE = "23505";
const CHECK = "23514";

const REASONS: Readonly<Record<string, string>> = {
  "22001": "is too long",
  "22003": "is out of range",
  "22007": "is no date or time",
  "22008": "is out of the range of dates and times",
  "22P02": "cannot be read as the type of the column",
  [NOT_NULL]: "must not be null",
  [FOREIGN_KEY]: "other rows refer to it, or it refers to a row that is gone",
  [UNIQUE]: "another row has the same value",
};

const ABOUT_OTHER_ROWS: ReadonlySet<string> = new Set([FOREIGN_KEY, UNIQUE]);

type Constraint = { readonly name: string; readonly columns: string[]; readonly check: string | null };

/** Why Postgres refused rows, for the sender of the records: the columns of the constraint, and its rule. */
export async function faultsOfRows(tx: Tx, refused: readonly RefusedKey[]): Promise<FieldFault[][]> {
  const names = refused.flatMap(({ constraint }) => constraint ?? []);
  const found = names.length === 0 ? [] : await readConstraints(tx, names);
  const constraints = new Map(found.map((each) => [each.name, each]));
  return refused.map(({ code, constraint, column }) =>
    faultsOf(code, constraints.get(constraint ?? ""), column),
  );
}

function faultsOf(code: string, constraint: Constraint | undefined, column: string | null): FieldFault[] {
  const rule = code === CHECK && constraint?.check ? `breaks the rule ${constraint.check}` : null;
  const fault = rule ?? REASONS[code] ?? `cannot be stored (${code})`;
  const columns = column !== null ? [column] : code === FOREIGN_KEY ? [] : (constraint?.columns ?? []);
  const isWhole = rule !== null || ABOUT_OTHER_ROWS.has(code);
  if (columns.length === 0) return [{ field: "columns", fault: isWhole ? fault : `a value ${fault}` }];
  return columns.map((name) => ({ field: `columns.${name}`, fault }));
}

/** Constraints and unique indexes of our tables, which have names of their own. */
const readConstraints = (tx: Tx, names: readonly string[]): Promise<Constraint[]> =>
  rows<Constraint>(
    tx,
    sql`with named as (
          select conname as name, conrelid as relation, conkey as keys,
                 case when contype = 'c' then pg_get_expr(conbin, conrelid) end as "check"
          from pg_constraint where connamespace = current_schema()::regnamespace and conname = any(${array(names)}::text[])
          union all
          select c.relname, i.indrelid, i.indkey::smallint[], null
          from pg_index i join pg_class c on c.oid = i.indexrelid
          where c.relnamespace = current_schema()::regnamespace and c.relname = any(${array(names)}::text[])
            and not exists (select from pg_constraint k where k.conindid = i.indexrelid))
        select n.name, n."check",
               array(select a.attname::text from pg_attribute a
                     where a.attrelid = n.relation and a.attnum = any(n.keys) order by a.attnum) as columns
        from named n`,
  );
