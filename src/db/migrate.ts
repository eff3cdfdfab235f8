import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { type Database, openDatabase } from "./client.ts";
import { rows } from "./statement.ts";

/** The folder of migrations lies beside src and dist alike. */
const migrationsFolder = fileURLToPath(new URL("../../drizzle", import.meta.url));

const MIGRATION_LOCK = 7_190_133;

/** Brings the schema up to date. Several may ask at once: the first does it, the others wait and find nothing to do. */
export async function migrateDatabase(url: string): Promise<void> {
  const db = openDatabase(url, { max: 2, applicationName: "commonwork-migrate", statementTimeoutMs: 0 });
  const holder = await db.pool.connect();
  try {
    await holder.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(db.drizzle, { migrationsFolder });
  } finally {
    holder.release(true);
    await db.close();
  }
}

/** True when every migration of this version has been applied. */
export async function isMigrated(db: Database): Promise<boolean> {
  const newest = readMigrationFiles({ migrationsFolder }).at(-1)?.folderMillis ?? 0;
  const [exists] = await rows<{ found: string | null }>(
    db.drizzle,
    sql`select to_regclass('drizzle.__drizzle_migrations') as found`,
  );
  if (!exists?.found) return false;
  const [applied] = await rows<{ at: string | null }>(
    db.drizzle,
    sql`select max(created_at)::text as at from drizzle.__drizzle_migrations`,
  );
  return Number(applied?.at ?? 0) >= newest;
}
