import { createHash, randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import type { RequestHandler } from "express";
import { isDatabaseAbsent } from "../../db/faults.ts";
import { type Queryable, rows } from "../../db/statement.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater } from "../requests/error-response.ts";
import type { Caller } from "./auth.ts";

/** Long enough to open a stream; short, since addresses end up in logs. */
const TICKET_MS = 60_000;

const hashOf = (ticket: string): Buffer => createHash("sha256").update(ticket).digest();

/** Issues a ticket that opens one stream for the caller, which ends when their token expires. */
export async function issueStreamTicket(
  on: Queryable,
  { userId, tokenExpiresAt }: Caller,
  now: Date,
): Promise<{ readonly ticket: string; readonly expiresAt: Date }> {
  const ticket = randomBytes(32).toString("base64url");
  const expiresAt = new Date(now.getTime() + TICKET_MS);
  await on.execute(
    sql`with expired as (delete from stream_tickets where expires_at <= ${now}::timestamptz)
        insert into stream_tickets (ticket_hash, user_id, expires_at, stream_ends_at)
        values (${hashOf(ticket)}, ${userId}, ${expiresAt}::timestamptz, ${tokenExpiresAt}::timestamptz)`,
  );
  return { ticket, expiresAt };
}

/** Uses up a ticket. @returns null if it is unknown, used or expired. */
async function redeemStreamTicket(on: Queryable, ticket: string, now: Date): Promise<Caller | null> {
  const [found] = await rows<{ userId: string; endsAt: string; isValid: boolean }>(
    on,
    sql`delete from stream_tickets where ticket_hash = ${hashOf(ticket)}
        returning user_id as "userId", stream_ends_at as "endsAt", expires_at > ${now}::timestamptz as "isValid"`,
  );
  return found?.isValid ? { userId: found.userId, tokenExpiresAt: new Date(found.endsAt) } : null;
}

/**
 * Authenticates a user by the parameter `ticket`. Otherwise 401; 503 if Postgres is unavailable.
 */
export const ticketAuth =
  (runtime: Pick<Runtime, "db" | "clock" | "log">): RequestHandler =>
  async (req, res, next) => {
    try {
      const caller = await redeemStreamTicket(
        runtime.db.drizzle,
        String(req.query["ticket"]),
        runtime.clock.now(),
      );
      if (caller === null)
        return sendError(res, 401, {
          code: "bad-token",
          message: "The ticket is unknown, expired, or was used before. Ask for a new one.",
        });
      res.locals.caller = caller;
    } catch (error) {
      if (!isDatabaseAbsent(error)) throw error;
      runtime.log.warn({ err: error }, "could not verify a stream ticket");
      const message = "The ticket cannot be verified right now. Try again later.";
      return sendRetryLater(res, 503, { code: "unavailable", message }, 5_000);
    }
    next();
  };
