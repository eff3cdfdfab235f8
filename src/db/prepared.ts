import type { Socket } from "node:net";
import type { ClientBase, QueryConfig } from "pg";

/** Marks a statement to be prepared. */
export const PREPARED_MARK = "/* prepared */ ";

/** At most this many texts are prepared: more would mean that some statement text is generated. */
const MAX_STATEMENTS = 1_000;

/** Names of texts, the same on every connection. */
const names = new Map<string, string>();

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MAX_STATEMENTS) return known;
  const name = `cw${names.size}`;
  names.set(text, name);
  return name;
}

type Send = (config: unknown, ...rest: unknown[]) => unknown;

/**
 * Makes a connection prepare marked statements under a name and reuse them: parsing and planning were a third
 * of Postgres's time for a single sale. Statements sent within one iteration of the event loop are written to
 * the socket together.
 */
export function prepareStatements(client: ClientBase): void {
  const send = client.query.bind(client) as Send;
  const stream = streamOf(client);
  let corked = false;
  const uncork = () => {
    corked = false;
    stream.uncork();
  };
  const prepared: Send = (config, ...rest) => {
    if (!corked) {
      corked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return send(withName(config, rest[0]), ...rest);
  };
  client.query = prepared as ClientBase["query"];
}

/** The socket of a connection, which the types of the driver do not declare. */
export const streamOf = (client: ClientBase): Socket =>
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;

function withName(config: unknown, values: unknown): unknown {
  if (!isPlainConfig(config) || config.name !== undefined) return config;
  if (!config.text.startsWith(PREPARED_MARK) || !Array.isArray(values) || values.length === 0) return config;
  return { ...config, name: nameOf(config.text) };
}

const isPlainConfig = (config: unknown): config is QueryConfig =>
  typeof config === "object" && config !== null && "text" in config && !("submit" in config);
