import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A user who is erased. */
export type ErasedUser = {
  readonly userId: string;
  readonly profileIds: readonly string[];
  /** The references to the user: the host's id, or ours where there is none, and the public uuid. */
  readonly references: readonly string[];
};

/** Rows by table. */
export type Erased = Readonly<Record<string, number>>;

/** What happens to the rows, with the alias `r`, of a table that are about an erased user. */
export type Rule =
  | {
      readonly does: "delete" | "clear";
      /** The columns by which its rows are found, and those that are cleared. */
      readonly columns: readonly string[];
      /** Null: not by a statement of its own (erase-user.ts). */
      readonly where: ((person: ErasedUser) => SQL) | null;
      /** The assignments of `clear`. */
      readonly set?: (person: ErasedUser) => SQL;
      /** The condition of rows that are left over afterwards; default: `where`. */
      readonly left?: (person: ErasedUser) => SQL;
      /** Whether no index leads to the rows: the table is then read in ranges of ids. */
      readonly scan: boolean;
      /** Whether it needs the references, which are stored in its ranges alone. */
      readonly byReference: boolean;
      /** Instead of one statement. `within` restricts the ids. */
      readonly run?: (tx: Tx, person: ErasedUser, within: SQL) => Promise<Erased>;
      /** For docs/operations/privacy.md, where the columns do not say it. */
      readonly note: string | null;
    }
  | { readonly does: "keep"; readonly columns: readonly string[]; readonly note: string };

type Options = Partial<Pick<Extract<Rule, { where: unknown }>, "where" | "left" | "scan" | "run">> & {
  readonly byReference?: boolean;
  readonly note?: string;
};

const DEFAULTS = { scan: false, byReference: false, note: null };

/** The rows whose column holds the user's id. */
export const ofUser =
  (column: string) =>
  ({ userId }: ErasedUser): SQL =>
    sql`r.${sql.identifier(column)} = ${userId}`;

/** The rows whose column holds the id of one of the user's profiles. */
export const ofProfiles =
  (column: string) =>
  ({ profileIds }: ErasedUser): SQL =>
    sql`r.${sql.identifier(column)} = any(${array(profileIds)}::bigint[])`;

/** Deletes the rows whose column holds the user's id. */
export const deletes = (column: string, options: Options = {}): Rule => ({
  ...DEFAULTS,
  where: ofUser(column),
  ...options,
  does: "delete",
  columns: [column],
});

/** Sets a reference to the user to null. */
export const unlinks = (column: string): Rule => ({
  ...DEFAULTS,
  does: "clear",
  columns: [column],
  where: ofUser(column),
  set: () => sql`${sql.identifier(column)} = null`,
  scan: true,
});

/** Clears columns of the rows that `where` selects. */
export const clears = (
  columns: readonly string[],
  set: (person: ErasedUser) => SQL,
  options: Options & { readonly where: (person: ErasedUser) => SQL },
): Rule => ({ ...DEFAULTS, ...options, does: "clear", columns, set });

/** Keeps columns unchanged. */
export const keeps = (note: string, ...columns: readonly string[]): Rule => ({
  does: "keep",
  columns,
  note,
});

/** For tables that hold nothing about a person. */
export const NOTHING: readonly Rule[] = [];
