/** A column of a view: its type, and what it holds. */
export type ResultColumn = readonly [type: string, about: string];

/** A view that shows results under the name and with the columns that hosts look for. */
export type ResultView = {
  readonly name: string;
  readonly about: string;
  readonly columns: Readonly<Record<string, ResultColumn>>;
  /** The columns by which rows are found through an index. */
  readonly lookups: readonly string[];
  /** SQL that selects the columns in this order, from tables without a schema. */
  readonly select: string;
};

/**
 * SQL: the id by which a host knows a row: its own, else ours. The tables that rows are looked up by have an
 * index on this expression.
 */
export const knownId = (alias: string, id = "id"): string =>
  `coalesce(${alias}.host_id, ${alias}.${id}::text)`;

/** SQL: whether user `u` is neither deactivated nor erased. */
export const isActiveUser = (alias: string): string =>
  `${alias}.deactivated_at is null and ${alias}.erased_at is null`;

/** SQL: whether others may be shown user `u`. Blocks are checked separately, by `may_see`. */
export const isShown = (alias: string): string => `${isActiveUser(alias)} and exists (
    select from profiles s where s.user_id = ${alias}.id and s.visible and not s.banned and s.deleted_at is null)`;

export const USER_ID: ResultColumn = ["text", "the user"];
export const INSTANT = "timestamp with time zone";
export const NUMBER = "double precision";
