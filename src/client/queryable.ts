/**
 * Runs one statement in the host's transaction: a client of `pg` in a transaction, or one of the adapters
 * below. A pool works too, and then each call commits by itself.
 */
export type Queryable = {
  query(text: string, params: string[]): Promise<unknown>;
};

/** A transaction of Drizzle, and its `sql`. */
export const viaDrizzle = <Statement>(
  tx: { execute(statement: Statement): PromiseLike<unknown> },
  sql: (strings: TemplateStringsArray, ...params: unknown[]) => Statement,
): Queryable => ({
  query: async (text, params) => tx.execute(sql(templateOf(text), ...params)),
});

/** A transaction of Prisma. */
export const viaPrisma = (tx: {
  $queryRawUnsafe(text: string, ...params: unknown[]): PromiseLike<unknown>;
}): Queryable => ({
  query: async (text, params) => tx.$queryRawUnsafe(text, ...params),
});

/** A transaction of Knex. */
export const viaKnex = (tx: {
  raw(text: string, params: readonly string[]): PromiseLike<unknown>;
}): Queryable => ({
  query: async (text, params) => tx.raw(text.replace(PLACEHOLDER, "?"), params),
});

/** A transaction of postgres.js. */
export const viaPostgresJs = (tx: {
  unsafe(text: string, params: string[]): PromiseLike<unknown>;
}): Queryable => ({
  query: async (text, params) => tx.unsafe(text, params),
});

/** The first row of a result: `pg`, Drizzle and Knex have it in `rows`, the others are the rows. */
export const firstRow = <Row>(result: unknown): Row =>
  (Array.isArray(result) ? result : (result as { readonly rows: readonly unknown[] }).rows)[0] as Row;

/** The statements of this package use each placeholder once, in order. */
const PLACEHOLDER = /\$\d+/g;

/** A text with placeholders as the strings of a template. */
function templateOf(text: string): TemplateStringsArray {
  const strings = text.split(PLACEHOLDER);
  return Object.assign(strings, { raw: strings });
}
