import pg from "pg";
import type { Database } from "../db/client.ts";
import { askedChannel } from "../db/schema-keys.ts";
import { setUpSession } from "../db/session.ts";

const RETRY_MS = 2_000;

export type Listener = { start(): void; stop(): Promise<void> };

/**
 * Hears of work that others than this service asked for. A connection of its own: one of the pool would serve nobody else. Nothing
 * depends on it, since the relay polls as well; so a connection that is lost, or a pooler that passes no notices on, only costs time.
 */
export function listenForAsks(db: Database, onAsked: () => void): Listener {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let connecting: Promise<void> = Promise.resolve();
  let stopped = true;

  const connect = async () => {
    const { connectionString } = db.pool.options;
    const opened = new pg.Client({
      ...(connectionString === undefined ? {} : { connectionString }),
      application_name: "commonwork listen",
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      pipeline: true,
    });
    opened.on("error", () => undefined);
    opened.on("end", again);
    opened.on("notification", onAsked);
    client = opened;
    try {
      await opened.connect();
      await setUpSession(opened, db.schema);
      await opened.query(`listen ${opened.escapeIdentifier(askedChannel(db.schema))}`);
      // What came while nobody listened.
      onAsked();
    } catch {
      // Its end, if it had a beginning, is told as well: it is tried again once.
      await opened.end().catch(() => undefined);
      again();
    }
  };
  const again = () => {
    if (stopped || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      connecting = connect();
    }, RETRY_MS);
  };
  return {
    start() {
      if (!stopped) return;
      stopped = false;
      connecting = connect();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
      await connecting;
      await client?.end().catch(() => undefined);
      client = null;
    },
  };
}
