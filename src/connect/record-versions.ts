import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A row as a host sends it. */
export type HostRecord = {
  readonly table: string;
  readonly key: string;
  readonly version: bigint;
  /** By name, references with the host's ids. Null: the host has deleted the row. */
  readonly columns: Readonly<Record<string, unknown>> | null;
  /** Whether it is part of a first copy, and so causes no nudge. */
  readonly backfill: boolean;
};

/** The last version of a row that was stored. */
export type KnownVersion = {
  readonly version: bigint;
  /** Null: our table does not have the row, so the same version may be sent again. */
  readonly hash: string | null;
  readonly deleted: boolean;
  /** Its columns while it waits for a row that it refers to. */
  readonly pending: Readonly<Record<string, unknown>> | null;
};

/** How a record compares with the last version that was stored. */
export type VersionOrder = "newer" | "same" | "older" | "conflict";

/** Compares the version of a record. `conflict`: another value has the same version. Pure. */
export function compareVersions(
  known: Pick<KnownVersion, "version" | "hash"> | undefined,
  { version, hash }: { readonly version: bigint; readonly hash: string },
): VersionOrder {
  if (known === undefined || version > known.version) return "newer";
  if (version < known.version) return "older";
  if (known.hash === null) return "newer";
  return known.hash === hash ? "same" : "conflict";
}

/** A hash of the values of a record, whatever the order of its keys. Pure. */
export const recordHash = ({ columns }: Pick<HostRecord, "columns">): string =>
  createHash("sha256").update(canonical(columns)).digest("hex");

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const parts = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`);
  return `{${parts.sort().join(",")}}`;
}

/** The identity of a record within a call. */
export const recordId = ({ table, key }: { readonly table: string; readonly key: string }): string =>
  `${table} ${key}`;

type Named = { readonly table: string; readonly key: string };

const keysTable = (records: readonly Named[]) =>
  sql`jsonb_to_recordset(${JSON.stringify(records.map(({ table, key }) => ({ mirror: table, key })))}::jsonb) as k(mirror text, key text)`;

/** The known versions of rows, by `recordId`. */
export async function readVersions(tx: Tx, records: readonly Named[]): Promise<Map<string, KnownVersion>> {
  const found = await rows<Omit<KnownVersion, "version"> & { table: string; key: string; version: string }>(
    tx,
    sql`select v.mirror as "table", v.key, v.version, encode(v.hash, 'hex') as hash, v.deleted, p.columns as pending
        from ${keysTable(records)}
        join record_versions v on v.mirror = k.mirror and v.key = k.key
        left join pending_records p on p.mirror = v.mirror and p.key = v.key`,
  );
  return new Map(found.map((row) => [recordId(row), { ...row, version: BigInt(row.version) }]));
}

type Version = Named & Pick<KnownVersion, "version" | "hash" | "deleted">;

/** Stores versions. The keys are distinct. */
export const writeVersions = (tx: Tx, versions: readonly Version[]): Promise<unknown> =>
  tx.execute(
    sql`insert into record_versions (mirror, key, version, hash, deleted)
        select v.mirror, v.key, v.version, decode(v.hash, 'hex'), v.deleted
        from jsonb_to_recordset(${JSON.stringify(
          versions.map(({ table, key, version, hash, deleted }) => ({
            mirror: table,
            key,
            version: String(version),
            hash,
            deleted,
          })),
        )}::jsonb) as v(mirror text, key text, version bigint, hash text, deleted boolean)
        on conflict (mirror, key) do update set version = excluded.version, hash = excluded.hash, deleted = excluded.deleted`,
  );

/** Deletes the versions of rows. */
export const deleteVersions = (tx: Tx, records: readonly Named[]): Promise<unknown> =>
  tx.execute(
    sql`delete from record_versions v using ${keysTable(records)} where v.mirror = k.mirror and v.key = k.key`,
  );

/** Stores records that must be written. The keys are distinct. */
export const writePending = (
  tx: Tx,
  records: readonly (Named & Pick<HostRecord, "columns">)[],
): Promise<unknown> =>
  tx.execute(
    sql`insert into pending_records (mirror, key, columns)
        select r.mirror, r.key, r.columns
        from jsonb_to_recordset(${JSON.stringify(
          records.map(({ table, key, columns }) => ({ mirror: table, key, columns })),
        )}::jsonb) as r(mirror text, key text, columns jsonb)
        on conflict (mirror, key) do update set columns = excluded.columns`,
  );

/** Deletes pending records. */
export const deletePending = (tx: Tx, records: readonly Named[]): Promise<unknown> =>
  tx.execute(
    sql`delete from pending_records p using ${keysTable(records)} where p.mirror = k.mirror and p.key = k.key`,
  );
