import type { Socket } from "node:net";
import type { ClientBase, QueryConfig } from "pg";

/** How a statement says that it is to be prepared. */
export const PREPARED_MARK = "/* prepared */ ";

/** More different texts than this are not prepared: something builds its statements anew each time. */
const MAX_STATEMENTS = 1_000;

/** One name for one text, the same on every connection. */
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
 * Makes a connection prepare the statements that ask for it, each under a name, and run them by that name from then on: parsing and
 * planning were a third of what Postgres did for a lone sale. What is sent within one turn of the event loop leaves together.
 */
export function prepareStatements(client: ClientBase): void {
  const send = client.query.bind(client) as Send;
  const stream = streamOf(client);
  let held = false;
  const letGo = () => {
    held = false;
    stream.uncork();
  };
  const prepared: Send = (config, ...rest) => {
    if (!held) {
      held = true;
      stream.cork();
      process.nextTick(letGo);
    }
    return send(withName(config, rest[0]), ...rest);
  };
  client.query = prepared as ClientBase["query"];
}

/** The socket of a connection. The driver has no word for it in its types. */
export const streamOf = (client: ClientBase): Socket =>
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;

function withName(config: unknown, values: unknown): unknown {
  if (!isPlainConfig(config) || config.name !== undefined) return config;
  if (!config.text.startsWith(PREPARED_MARK) || !Array.isArray(values) || values.length === 0) return config;
  return { ...config, name: nameOf(config.text) };
}

const isPlainConfig = (config: unknown): config is QueryConfig =>
  typeof config === "object" && config !== null && "text" in config && !("submit" in config);
