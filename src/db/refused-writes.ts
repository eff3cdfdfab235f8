import type { ClientBase } from "pg";
import { UNFIT_CODES } from "./faults.ts";

/**
 * Whether the server has answered that it cannot write. Asking it is cheap, finding out is not: a server
 * whose disk is full still reads, and still changes rows on pages that have room.
 */
export type RefusedWrites = {
  /** Notices what the server answers over this connection. */
  watch(client: ClientBase): void;
  /** The code of the last refusal; null since `clear`. */
  code(): string | null;
  clear(): void;
};

export function noticeRefusedWrites(): RefusedWrites {
  let last: string | null = null;
  return {
    watch(client) {
      connectionOf(client).on("errorMessage", ({ code }) => {
        if (code !== undefined && UNFIT_CODES.has(code)) last = code;
      });
    },
    code: () => last,
    clear() {
      last = null;
    },
  };
}

type ServerError = { readonly code?: string };
type Connection = { on(event: "errorMessage", listener: (error: ServerError) => void): void };

/** The types of the driver leave the property out. */
const connectionOf = (client: ClientBase): Connection =>
  (client as unknown as { readonly connection: Connection }).connection;
