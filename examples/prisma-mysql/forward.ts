import { readFile } from "node:fs/promises";
import { forwardOutbox, type OutboxRow, type SentRecord, sendRecords } from "commonwork/client";

// Sends what changed in this database to Commonwork: rows, then the events about them. Call `forward` every second
// or so, one call at a time. What was sent and not answered is sent again.

/** What is needed of a Prisma client. */
export type Prisma = {
  $queryRawUnsafe<Rows>(text: string, ...params: unknown[]): PromiseLike<Rows>;
  $executeRawUnsafe(text: string, ...params: unknown[]): PromiseLike<unknown>;
};

/** The address of Commonwork, and its DOMAIN_EVENTS_WEBHOOK_SECRET. */
export type Service = { readonly url: string; readonly secret: string };

const ROWS_PER_CALL = 500;

/** Sends everything that is noted by now. */
export async function forward(prisma: Prisma, service: Service): Promise<void> {
  await forwardOutbox({
    ...service,
    async read(limit) {
      const events = await prisma.$queryRawUnsafe<readonly Event[]>(
        "SELECT * FROM Outbox WHERE rejectedBecause IS NULL ORDER BY id LIMIT ?",
        limit,
      );
      // Whatever these events are about was noted before they could be read.
      await forwardRows(prisma, service);
      return events.map(outboxRow);
    },
    settle: (ids) => remove(prisma, "Outbox", ids),
    async reject(id, reason) {
      await prisma.$executeRawUnsafe("UPDATE Outbox SET rejectedBecause = ? WHERE id = ?", reason, id);
    },
  });
}

type Id = number | bigint;
type Event = {
  readonly id: Id;
  readonly eventType: string;
  readonly actorId: Id | null;
  readonly threadId: Id | null;
  readonly payload: string | Record<string, unknown>;
  readonly occurredAt: Date;
};

const outboxRow = ({ id, eventType, actorId, threadId, payload, occurredAt }: Event): OutboxRow => ({
  id,
  event_type: eventType,
  actor_id: actorId,
  thread_id: threadId,
  payload: typeof payload === "string" ? JSON.parse(payload) : payload,
  occurred_at: occurredAt.toISOString(),
});

type Change = {
  readonly id: Id;
  readonly mapping: string;
  readonly hostId: string;
  readonly backfill: boolean | number;
};

async function forwardRows(prisma: Prisma, service: Service): Promise<void> {
  for (;;) {
    const changes = await prisma.$queryRawUnsafe<readonly Change[]>(
      "SELECT * FROM Changed ORDER BY id LIMIT ?",
      ROWS_PER_CALL,
    );
    if (changes.length === 0) return;
    const version = await nextVersion(prisma);
    const answers = await sendRecords(await recordsOf(prisma, changes, version), service);
    // A row that is rejected is passed over: its next change sends it again.
    for (const answer of answers)
      if (answer.status === "rejected")
        process.emitWarning(`Commonwork rejects a row: ${JSON.stringify(answer)}`);
    await remove(
      prisma,
      "Changed",
      changes.map(({ id }) => id),
    );
  }
}

/** Drawn before rows are read, so that of two versions of a row the later one was read later. */
async function nextVersion(prisma: Prisma): Promise<Id> {
  await prisma.$executeRawUnsafe("UPDATE Sent SET version = version + 1");
  const [sent] = await prisma.$queryRawUnsafe<readonly { version: Id }[]>("SELECT version FROM Sent");
  if (sent === undefined) throw new Error("the table Sent has no row");
  return sent.version;
}

/** The rows that changed, as they are now. */
async function recordsOf(prisma: Prisma, changes: readonly Change[], version: Id): Promise<SentRecord[]> {
  const records: SentRecord[] = [];
  for (const mapping of new Set(changes.map((change) => change.mapping))) {
    const last = new Map(
      changes.filter((change) => change.mapping === mapping).map((change) => [change.hostId, change]),
    );
    const select = await readFile(new URL(`mappings/${mapping}.sql`, import.meta.url), "utf8");
    const rows = await prisma.$queryRawUnsafe<readonly Record<string, unknown>[]>(
      select.replace("(?)", `(${[...last].map(() => "?").join(", ")})`),
      ...last.keys(),
    );
    const found = new Map(rows.map(({ host_id, ...columns }) => [String(host_id), columns]));
    for (const [hostId, { backfill }] of last) {
      const columns = found.get(hostId);
      const row = columns === undefined ? { deleted: true } : { columns, backfill: Boolean(backfill) };
      records.push({ table: mapping, host_id: hostId, version, ...row } as SentRecord);
    }
  }
  return records;
}

async function remove(prisma: Prisma, table: "Changed" | "Outbox", ids: readonly unknown[]): Promise<void> {
  if (ids.length === 0) return;
  await prisma.$executeRawUnsafe(
    `DELETE FROM ${table} WHERE id IN (${ids.map(() => "?").join(", ")})`,
    ...ids,
  );
}
