import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { mapInPortions } from "../portions.ts";
import { applyKeys, type RefusedRow } from "./apply-keys.ts";
import { type Keys, type Mirror, readMirrors, waitForMirrors } from "./installed.ts";
import { refuseBeyondLimit } from "./pending-limit.ts";
import { faultsOfRows } from "./record-faults.ts";
import type { FieldFault } from "./record-values.ts";
import {
  compareVersions,
  deletePending,
  deleteVersions,
  type HostRecord,
  type KnownVersion,
  readVersions,
  recordHash,
  recordId,
  writePending,
  writeVersions,
} from "./record-versions.ts";
import { unfitRecords } from "./unfit-records.ts";

/** A row that a record refers to and that is not there yet. */
export type MissingRow = { readonly table: string; readonly key: string };

/** The outcome of a record. */
export type RecordOutcome =
  | { readonly status: "stored" | "unchanged" | "older" | "conflict" }
  | { readonly status: "waiting"; readonly needs: MissingRow }
  | { readonly status: "rejected"; readonly faults: readonly FieldFault[] };

/**
 * A row whose newest version is refused needs one more wave for the version before, for which mirrors wait.
 */
const MAX_WAVES = 20;

const TOO_MANY_VERSIONS: RecordOutcome = {
  status: "rejected",
  faults: [
    {
      field: "version",
      fault: `is behind ${MAX_WAVES} newer versions that were rejected: send it again without those`,
    },
  ],
};

type Call = {
  readonly tx: Tx;
  readonly mirrors: readonly Mirror[];
  readonly records: readonly (HostRecord & { readonly id: string; readonly hash: string })[];
  /** By id. */
  readonly known: Map<string, KnownVersion>;
  readonly outcomes: (RecordOutcome | undefined)[];
};

/**
 * Stores records of a host, in one transaction, while no other transaction writes mirrored rows. Of each row
 * the newest version counts, whatever the order; the same version is stored once. A record that is rejected
 * changes nothing, and leaves the others.
 *
 * @returns the outcome of each, in order.
 */
export async function storeRecords(tx: Tx, given: readonly HostRecord[]): Promise<RecordOutcome[]> {
  const records = await mapInPortions(given, (record) => ({
    ...record,
    id: recordId(record),
    hash: recordHash(record),
  }));
  await waitForMirrors(tx);
  const outcomes = (await unfitRecords(tx, records)).map((faults): RecordOutcome | undefined =>
    faults.length === 0 ? undefined : { status: "rejected", faults },
  );
  const call: Call = {
    tx,
    mirrors: await readMirrors(tx),
    records,
    known: await readVersions(tx, records),
    outcomes,
  };
  for (let waves = 0; waves < MAX_WAVES; waves++) {
    const wave = await nextWave(call);
    if (wave.length === 0) break;
    await writeWave(call, wave);
  }
  return call.outcomes.map((outcome) => outcome ?? TOO_MANY_VERSIONS);
}

/**
 * Decides about the remaining records, the newest versions first.
 *
 * @returns the indexes of those to be written now: one of each row.
 */
async function nextWave(call: Call): Promise<number[]> {
  const { records, known, outcomes } = call;
  const left = records.flatMap((record, index) =>
    outcomes[index] === undefined ? [{ ...record, index }] : [],
  );
  left.sort((a, b) => (a.version === b.version ? a.index - b.index : a.version > b.version ? -1 : 1));
  const wave = new Map<string, number>();
  const waiting: number[] = [];
  for (const { id, version, hash, index } of left) {
    if (wave.has(id)) continue;
    const last = known.get(id);
    const order = compareVersions(last, { version, hash });
    if (order === "newer") wave.set(id, index);
    else if (order === "same" && last?.pending) waiting.push(index);
    else outcomes[index] = { status: order === "same" ? "unchanged" : order };
  }
  await answerWaiting(call, waiting);
  return [...wave.values()];
}

const recordsAt = ({ records }: Call, indexes: readonly number[]) =>
  indexes.flatMap((index) => records[index] ?? []);

function keysOf(records: readonly HostRecord[]): Keys {
  const keys: Keys = new Map();
  for (const { table, key } of records) keys.set(table, (keys.get(table) ?? new Set()).add(key));
  return keys;
}

async function writeWave(call: Call, wave: readonly number[]): Promise<void> {
  const { tx, mirrors, known, outcomes } = call;
  const records = recordsAt(call, wave);
  await writePending(
    tx,
    records.filter(({ columns }) => columns !== null),
  );
  await deletePending(
    tx,
    records.filter(({ columns }) => columns === null),
  );
  await writeVersions(
    tx,
    records.map((record) => ({ ...record, deleted: record.columns === null })),
  );
  const quiet = keysOf(records.filter(({ backfill }) => backfill));
  const { stopped, refused, waiting } = await applyKeys(tx, mirrors, keysOf(records), { quiet });
  const [fault] = stopped;
  if (fault) throw new Error(`records of ${fault.mirror} cannot be written: ${fault.reason}`);
  await reject(call, wave, refused);
  const left: number[] = [];
  for (const index of wave) {
    const record = call.records[index];
    if (record === undefined || outcomes[index] !== undefined) continue;
    const waits = waiting.get(record.table)?.has(record.key) === true;
    known.set(record.id, {
      version: record.version,
      hash: record.hash,
      deleted: record.columns === null,
      pending: waits ? record.columns : null,
    });
    if (waits) left.push(index);
    else outcomes[index] = { status: "stored" };
  }
  for (const { record, faults } of await refuseBeyondLimit(tx, recordsAt(call, left))) {
    known.set(record.id, { version: record.version, hash: null, deleted: false, pending: null });
    outcomes[call.records.indexOf(record)] = { status: "rejected", faults };
  }
  await answerWaiting(
    call,
    left.filter((index) => outcomes[index] === undefined),
  );
}

/** Rejects the records whose rows Postgres refused, and restores the known versions of these rows. */
async function reject(call: Call, wave: readonly number[], refused: readonly RefusedRow[]): Promise<void> {
  const { tx, known, outcomes } = call;
  const byId = new Map(refused.map((each) => [recordId({ table: each.mirror, key: each.key }), each]));
  const rejected = wave.flatMap((index) => {
    const record = call.records[index];
    const fault = record && byId.get(record.id);
    return record && fault ? [{ index, record, fault }] : [];
  });
  if (rejected.length === 0) return;
  const faults = await faultsOfRows(
    tx,
    rejected.map(({ fault }) => fault),
  );
  for (const [at, { index }] of rejected.entries())
    outcomes[index] = { status: "rejected", faults: faults[at] ?? [] };
  const records = rejected.map(({ record }) => record);
  await deletePending(tx, records);
  await deleteVersions(tx, records);
  const before = records.flatMap(({ id, table, key }) => {
    const version = known.get(id);
    return version ? [{ ...version, table, key }] : [];
  });
  await writeVersions(tx, before);
  await writePending(
    tx,
    before.flatMap(({ pending, ...named }) => (pending ? [{ ...named, columns: pending }] : [])),
  );
  for (const [mirror, keys] of keysOf(records))
    await tx.execute(
      sql`delete from mirror_faults where mirror = ${mirror} and key = any(${array([...keys])}::text[])`,
    );
}

/**
 * Sets the outcome of waiting records: the row that they wait for, and that they cause no nudge if they are a
 * backfill.
 */
async function answerWaiting(call: Call, indexes: readonly number[]): Promise<void> {
  const { tx, outcomes } = call;
  for (const [mirror, keys] of keysOf(recordsAt(call, indexes))) {
    const quiet = recordsAt(call, indexes).filter(({ table, backfill }) => table === mirror && backfill);
    const found = await rows<{ key: string; needs: string; needsKey: string }>(
      tx,
      sql`update mirror_waiting set quiet = quiet or key = any(${array(quiet.map(({ key }) => key))}::text[])
          where mirror = ${mirror} and key = any(${array([...keys])}::text[])
          returning key, needs, needs_key as "needsKey"`,
    );
    const needs = new Map(found.map((row) => [row.key, { table: row.needs, key: row.needsKey }]));
    for (const index of indexes) {
      const record = call.records[index];
      if (record?.table !== mirror) continue;
      const missing = needs.get(record.key);
      outcomes[index] = missing ? { status: "waiting", needs: missing } : { status: "stored" };
    }
  }
}
