import { readDatabaseConfig } from "../config/config.ts";
import { COMMAND_CONNECTS_WITHIN_MS, type Database, openDatabase } from "../db/client.ts";
import type { Terminal } from "./terminal.ts";

/** Runs `work` with a connection to Postgres. Most commands need nothing else, not even REDIS_URL. */
export async function withDatabase<T>(terminal: Terminal, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(readDatabaseConfig(terminal.environment), {
    max: 2,
    applicationName: "commonwork-cli",
    connectWithinMs: COMMAND_CONNECTS_WITHIN_MS,
  });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
