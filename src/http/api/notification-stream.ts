import type { Response } from "express";
import type { Language } from "../../languages/language.ts";
import { LOOK_BACK_MICROS, type UserNotification } from "../../notifications/notification-list.ts";
import { notificationResponse } from "./notification-response.ts";

/** A client that falls behind by more is disconnected; it resumes with Last-Event-ID. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** How long sent events are remembered: longer than a poll looks back. */
const REMEMBER_SENT_MS = 30_000;
/** How far back a client can resume; beyond it, it has to read the list. */
const MAX_RESUME_MS = 24 * 3_600_000;

/** One open connection of a client. */
export type Stream = {
  readonly userId: string;
  /** The language of the request, for a user whose own is not known. */
  readonly language: Language;
  readonly res: Response;
  /** When the token expires. */
  readonly endsAtMs: number;
  /**
   * Earlier changes are not sent: microseconds by Postgres's clock. Null until the stream has read its first
   * changes.
   */
  from: bigint | null;
  /** Whether the shared poll serves it; not before it has read what it missed. */
  isJoined: boolean;
  /** Versions of recently sent notifications, by id. */
  readonly sent: Map<string, { readonly version: string; readonly atMs: number }>;
};

/** The ids of events: `<version>-<id>`. */
const EVENT_ID = /^(\d{1,17})-\d{1,18}$/;

/**
 * Where a client resumes: earlier than its last event by the longest transaction, whose changes become
 * visible late.
 */
export function resumeFrom(lastEventId: string | undefined, now: Date): bigint | null {
  const seen = EVENT_ID.exec(lastEventId ?? "")?.[1];
  if (seen === undefined) return null;
  const earliest = BigInt(now.getTime() - MAX_RESUME_MS) * 1_000n;
  const from = BigInt(seen) - LOOK_BACK_MICROS;
  return from > earliest ? from : earliest;
}

/** Writes changes of the stream's user that were not sent yet. Disconnects a client that reads too slowly. */
export function send({ userId, res, from, sent }: Stream, changes: readonly UserNotification[]): void {
  const nowMs = performance.now();
  for (const [id, { atMs }] of sent) if (nowMs - atMs > REMEMBER_SENT_MS) sent.delete(id);
  for (const change of changes) {
    if (change.userId !== userId || from === null || BigInt(change.version) < from) continue;
    if (sent.get(change.id)?.version === change.version) continue;
    sent.set(change.id, { version: change.version, atMs: nowMs });
    res.write(
      `id: ${change.version}-${change.id}\nevent: notification\ndata: ${JSON.stringify(notificationResponse(change))}\n\n`,
    );
  }
  if (res.writableLength > MAX_BUFFERED_BYTES) res.destroy();
}
