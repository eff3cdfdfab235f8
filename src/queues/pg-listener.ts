import pg from "pg";
import { type Database, UNANSWERED_MARGIN_MS } from "../db/client.ts";
import { enqueuedChannel } from "../db/schema-keys.ts";
import { sessionSetUp, TRANSACTION_LIMIT_MS } from "../db/session.ts";
import { closeWhenUnanswered, endConnection } from "../db/unanswered.ts";

const RETRY_MS = 2_000;
/** A connection that only listens would never notice that its server is gone. */
const HEARTBEAT_MS = 10_000;

export type PgListener = { start(): void; stop(): Promise<void> };

/**
 * Listens for entries that other programs add, over a connection of its own. It only saves time: the relay
 * polls as well, so a lost connection, or a pooler that drops notifications, delays work by one poll
 * interval.
 */
export function listenForEntries(db: Database, onNotification: () => void): PgListener {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let connecting: Promise<void> = Promise.resolve();
  let stopped = true;

  const connect = async () => {
    const { connectionString } = db.pool.options;
    const opened = new pg.Client({
      ...(connectionString === undefined ? {} : { connectionString }),
      application_name: "commonwork listen",
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      pipeline: true,
    });
    opened.on("error", () => undefined);
    opened.on("end", again);
    opened.on("notification", onNotification);
    client = opened;
    try {
      await opened.connect();
      closeWhenUnanswered(opened, TRANSACTION_LIMIT_MS + UNANSWERED_MARGIN_MS);
      await sessionSetUp({ databaseUrl: connectionString ?? "", databaseSchema: db.schema })(opened);
      await opened.query(`listen ${opened.escapeIdentifier(enqueuedChannel(db.schema))}`);
      // Notifications sent before the listen are lost.
      onNotification();
    } catch {
      // A connection that was established emits "end" too; `again` schedules one retry for both.
      await endConnection(opened);
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
      heartbeat = setInterval(() => client?.query("select 1").catch(() => undefined), HEARTBEAT_MS);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(heartbeat);
      timer = undefined;
      await connecting;
      if (client) await endConnection(client);
      client = null;
    },
  };
}
