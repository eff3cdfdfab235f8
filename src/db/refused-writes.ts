import type { ClientBase } from "pg";
import { UNFIT_CODES } from "./faults.ts";
import { onServerError } from "./server-errors.ts";

/**
 * Whether the server is known to accept writes. Finding out needs a write: a server whose disk is full still
 * reads, and still changes rows on pages that have room.
 */
export type RefusedWrites = {
  /** Watches the answers of the server over this connection. */
  watch(client: ClientBase): void;
  /**
   * True if this server has accepted a probe since it last refused a write. A restarted server counts as
   * another one.
   */
  isProven(server: string): boolean;
  /** Records that it has accepted a probe. */
  prove(server: string): void;
};

export function noticeRefusedWrites(): RefusedWrites {
  let proven: string | null = null;
  return {
    watch(client) {
      onServerError(client, ({ code }) => {
        if (code !== undefined && UNFIT_CODES.has(code)) proven = null;
      });
    },
    isProven: (server) => proven === server,
    prove(server) {
      proven = server;
    },
  };
}
