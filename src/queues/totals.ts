import type { Queryable } from "../db/statement.ts";

/** Rows that are kept while Postgres is away. */
const MAX_UNWRITTEN = 120;

/** Figures that are added up in memory, by a key, until they are written to Postgres. */
export type Totals<Row> = {
  add(row: Row): void;
  /** Writes what was added since the last call. What could not be written is kept for the next one. */
  write(on: Queryable): Promise<void>;
};

export type TotalsOptions<Row> = {
  readonly keyOf: (row: Row) => string;
  /** The sum of two rows with the same key. */
  readonly sum: (one: Row, other: Row) => Row;
  readonly write: (on: Queryable, rows: readonly Row[]) => Promise<void>;
};

export function createTotals<Row>({ keyOf, sum, write }: TotalsOptions<Row>): Totals<Row> {
  let added = new Map<string, Row>();
  const add = (row: Row): void => {
    const key = keyOf(row);
    const known = added.get(key);
    added.set(key, known === undefined ? row : sum(known, row));
  };
  return {
    add,
    async write(on) {
      const writing = [...added.values()];
      added = new Map();
      try {
        if (writing.length > 0) await write(on, writing);
      } catch (error) {
        for (const row of writing.slice(-MAX_UNWRITTEN)) add(row);
        throw error;
      }
    },
  };
}
