import type { ClientBase } from "pg";

/** An error that Postgres has answered with. */
export type ServerError = Error & { readonly code?: string };

type Listener = (error: ServerError) => void;
type Connection = {
  on(event: "errorMessage", listener: Listener): void;
  off(event: "errorMessage", listener: Listener): void;
};

/**
 * Calls a listener with each error that Postgres answers with over a connection, in order, before the
 * statement rejects. @returns a function that ends it.
 */
export function onServerError(client: ClientBase, listener: Listener): () => void {
  // The types of the driver leave the property out.
  const { connection } = client as unknown as { readonly connection: Connection };
  connection.on("errorMessage", listener);
  return () => connection.off("errorMessage", listener);
}
