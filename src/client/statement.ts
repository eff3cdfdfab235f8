/** Options of every statement. */
export type SchemaOption = {
  /** The schema of Commonwork: DB_SCHEMA. */
  readonly schema?: string;
};

/** Options of statements that enqueue work. */
export type TraceOption = {
  /** The span of the host, as a W3C `traceparent`: the work belongs to its trace. */
  readonly traceparent?: string;
};

/**
 * The end of a statement that enqueues work, and its parameters: they set the trace of the transaction, which
 * later statements without a trace keep.
 * @param n the number of the next placeholder.
 */
export function inTrace(
  { schema = "commonwork", traceparent }: SchemaOption & TraceOption,
  n: number,
): { readonly text: string; readonly values: readonly string[] } {
  if (traceparent === undefined) return { text: "", values: [] };
  const text = ` from (select set_config(${argument(n)}, ${argument(n + 1)}, true)) as settings`;
  return { text, values: [`${schema}.trace`, traceparent] };
}

/** A function in the schema of Commonwork, quoted. */
export const functionIn = ({ schema = "commonwork" }: SchemaOption, name: string): string =>
  `"${schema.replaceAll('"', '""')}".${name}`;

/** A placeholder, which every driver sends as a text: some would encode JSON a second time. */
export const argument = (n: number, type = "text"): string =>
  type === "text" ? `cast($${n} as text)` : `cast(cast($${n} as text) as ${type})`;

/** JSON in which numbers of arbitrary size become texts, as ids are. */
export const json = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) => (typeof part === "bigint" ? String(part) : part));

/** An id of the host: a uuid, a number or another text. */
export type HostId = string | number | bigint;

/** Where the service expects an id as text, a host may give its own in any form. */
export type WithHostIds<P> = { readonly [F in keyof P]: string extends P[F] ? P[F] | HostId : P[F] };
