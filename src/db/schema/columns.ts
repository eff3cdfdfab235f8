import { bigint, customType, text, timestamp } from "drizzle-orm/pg-core";

/** A key drawn by Postgres. Ids travel through the code as decimal strings: they are names, not numbers. */
export const id = () => bigint({ mode: "bigint" }).primaryKey().generatedByDefaultAsIdentity();

/** A reference to such a key. */
export const ref = () => bigint({ mode: "bigint" });

/** The host's id of a row that the host fills; null in rows that Commonwork inserts. */
export const hostId = () => text("host_id").unique();

/** Money: whole millionths of a token. */
export const micro = () => bigint({ mode: "bigint" });

/** An instant. Every time in the database carries its zone. */
export const instant = () => timestamp({ withTimezone: true, mode: "date" });

/** Raw bytes. */
export const bytes = customType<{ data: Buffer }>({ dataType: () => "bytea" });
