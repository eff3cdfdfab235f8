/** What happens to a mirrored row that the host no longer has. */
export type Gone = "delete" | "tombstone" | "keep";

/** A column of the select, and its type in the host. */
export type KeyColumn = { readonly name: string; readonly type: string };

/** A table of the host that the select reads. */
export type MirrorSource = {
  readonly schema: string;
  readonly table: string;
  /** The columns of a changed row that are the key. */
  readonly by: readonly string[];
  /** A select of keys, in which `$1` are the values of `by`; null: these are the key. */
  readonly through: string | null;
  /** Columns whose changes are not recorded unless others change too. */
  readonly ignored: readonly string[];
};

/** How rows of the host become rows of one of our tables: a select and its header. */
export type Mapping = {
  /** Our table. */
  readonly table: string;
  readonly key: readonly KeyColumn[];
  readonly sources: readonly MirrorSource[];
  /** Null: the default of the table. */
  readonly gone: Gone | null;
  readonly select: string;
  /** The whole file. */
  readonly text: string;
};

/** A mapping file that cannot be used. The message is for its author. */
export class MappingFault extends Error {
  override readonly name = "MappingFault";
  constructor(table: string, reason: string) {
    super(`${table}.sql: ${reason}`);
  }
}

/** Several mapping files that cannot be used, a line each. */
export class MappingFaults extends Error {
  override readonly name = "MappingFaults";
  constructor(faults: readonly MappingFault[]) {
    super(faults.map(({ message }) => message).join("\n"));
  }
}

/** Does work for each mapping. @throws MappingFaults of all that cannot be used, or the only one. */
export async function eachMapping<M, T>(
  mappings: readonly M[],
  work: (mapping: M) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  const faults: MappingFault[] = [];
  for (const mapping of mappings)
    try {
      done.push(await work(mapping));
    } catch (error) {
      if (!(error instanceof MappingFault)) throw error;
      faults.push(error);
    }
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1) throw new MappingFaults(faults);
  return done;
}

const NAME = `(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")`;
const NAMES = `${NAME}(?:\\s*,\\s*${NAME})*`;
const TYPE = `[a-z][a-z0-9_]*(?: [a-z]+)*(?:\\(\\d+(?:, ?\\d+)?\\))?`;

const HEADER = /^--\s*([a-z_]+):\s*(.*?)\s*$/;
const KEY_COLUMN = new RegExp(`^(${NAME})\\s+(${TYPE})$`);
const SOURCE = new RegExp(
  `^(${NAME})\\.(${NAME})\\s+by\\s+(${NAMES})(?:\\s+through\\s+(select\\s.*\\$1.*))?$`,
  "i",
);
const IGNORE = new RegExp(`^(${NAME})\\.(${NAME})\\s*\\(\\s*(${NAMES})\\s*\\)$`);
const GONE: readonly string[] = ["delete", "tombstone", "keep"] satisfies readonly Gone[];

/**
 * Reads a mapping file: lines `-- name: value`, then a select whose columns have the names of ours. Pure.
 *
 * @param table the name of our table, which is that of the file.
 * @throws MappingFault
 */
export function parseMapping(table: string, text: string): Mapping {
  const fault = (reason: string) => new MappingFault(table, reason);
  const headers = headersIn(text);
  const known = ["key", "source", "gone", "ignore"];
  const unknown = headers.find(({ name }) => !known.includes(name));
  if (unknown) throw fault(`"${unknown.name}" is none of ${known.join(", ")}`);
  const valuesOf = (name: string) =>
    headers.filter((header) => header.name === name).map(({ value }) => value);
  const [key, ...otherKeys] = valuesOf("key");
  if (key === undefined || otherKeys.length > 0)
    throw fault("needs one line `-- key: <column> <type>`, with several columns separated by commas");
  const [gone = null, ...otherGone] = valuesOf("gone");
  if (otherGone.length > 0 || (gone !== null && !GONE.includes(gone)))
    throw fault(`gone must be one of ${GONE.join(", ")}`);
  const columns = readKey(key, fault);
  const sources = withIgnored(
    valuesOf("source").map((value) => readSource(value, columns.length, fault)),
    valuesOf("ignore"),
    fault,
  );
  if (sources.length === 0)
    throw fault("needs a line `-- source: <schema>.<table> by <column>` per table it reads");
  const names = sources.map((source) => `${source.schema}.${source.table}`);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated) throw fault(`names the source ${repeated} twice`);
  return { table, key: columns, sources, gone: gone as Gone | null, select: readSelect(text, fault), text };
}

const headersIn = (text: string): { name: string; value: string }[] =>
  text.split("\n").flatMap((line) => {
    const [, name, value] = HEADER.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });

/** Makes the fault of a mapping. */
export type Fault = (reason: string) => MappingFault;

function readKey(value: string, fault: Fault): KeyColumn[] {
  const columns = splitTopLevel(value).map((part) => {
    const [, name, type] = KEY_COLUMN.exec(part) ?? [];
    if (name === undefined || type === undefined)
      throw fault(`the key "${part}" must be a column of the select and its type, such as: host_id uuid`);
    return { name: unquoted(name), type };
  });
  if (columns.length === 1 && columns[0]?.name !== "host_id")
    throw fault("a key of one column must be the column host_id of the select");
  return columns;
}

/** Splits at commas outside of parentheses. */
const splitTopLevel = (value: string): string[] => value.split(/,(?![^(]*\))/).map((part) => part.trim());

function readSource(value: string, keyColumns: number, fault: Fault): MirrorSource {
  const [, schema, table, by, through = null] = SOURCE.exec(value) ?? [];
  if (schema === undefined || table === undefined || by === undefined)
    throw fault(
      `the source "${value}" must be <schema>.<table> by <column>, or <schema>.<table> by <column> through select ... any($1)`,
    );
  const columns = by.match(new RegExp(NAME, "g")) ?? [];
  if (through === null && columns.length !== keyColumns)
    throw fault(`the source ${schema}.${table} must have as many columns as the key, or a through`);
  if (through !== null && columns.length !== 1)
    throw fault(`the source ${schema}.${table} has a through, so it must be by one column`);
  return {
    schema: unquoted(schema),
    table: unquoted(table),
    by: columns.map(unquoted),
    through,
    ignored: [],
  };
}

/** The sources with the columns that lines `-- ignore: <schema>.<table> (<columns>)` name. */
function withIgnored(
  sources: readonly MirrorSource[],
  lines: readonly string[],
  fault: Fault,
): MirrorSource[] {
  const ignored = lines.map((line) => {
    const [, schema, table, columns] = IGNORE.exec(line) ?? [];
    if (schema === undefined || table === undefined || columns === undefined)
      throw fault(`the line ignore "${line}" must be <schema>.<table> (<column>, ...)`);
    const source = sources.find((one) => one.schema === unquoted(schema) && one.table === unquoted(table));
    if (!source) throw fault(`ignores columns of ${schema}.${table}, which no source names`);
    const names = (columns.match(new RegExp(NAME, "g")) ?? []).map(unquoted);
    const key = names.find((name) => source.by.includes(name));
    if (key !== undefined) throw fault(`cannot ignore ${key} of ${schema}.${table}: the source is by it`);
    return { source, names };
  });
  return sources.map((source) => ({
    ...source,
    ignored: ignored.filter((line) => line.source === source).flatMap(({ names }) => names),
  }));
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

function readSelect(text: string, fault: Fault): string {
  const select = text
    .split("\n")
    .filter((line) => !/^\s*--/.test(line))
    .join("\n")
    .trim()
    .replace(/;$/, "");
  if (!/^(select|with)\s/i.test(select)) throw fault("needs a select below its header");
  if (select.includes(";")) throw fault("must hold one statement");
  return select;
}
