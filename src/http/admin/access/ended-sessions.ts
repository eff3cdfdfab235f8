import { sql } from "drizzle-orm";
import { isDatabaseAbsent } from "../../../db/faults.ts";
import { rows } from "../../../db/statement.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import type { Session, Sessions } from "./sessions.ts";

export type LiveSessions = {
  /** The session of a cookie; null if it is missing, forged, expired or signed out. */
  read(cookie: string | undefined): Promise<Session | null>;
  /** Ends a session before it expires, in every process. */
  end(session: Session): Promise<void>;
};

/**
 * Sessions that can be ended. Their ids are in Postgres until they would have expired. While it is down, each
 * process only knows the sessions that were ended in it: the dashboard is needed most when something is down.
 */
export function liveSessions(
  runtime: Pick<Runtime, "db" | "log" | "clock">,
  sessions: Sessions,
): LiveSessions {
  const { db, log, clock } = runtime;
  const endedHere = new Map<string, Date>();
  return {
    async read(cookie) {
      const session = sessions.read(cookie);
      if (session === null || endedHere.has(session.id)) return null;
      try {
        const found = await rows(db.drizzle, sql`select 1 from ended_sessions where id = ${session.id}`);
        return found.length > 0 ? null : session;
      } catch (error) {
        if (!isDatabaseAbsent(error)) throw error;
        return session;
      }
    },
    async end({ id, expiresAt }) {
      const now = clock.now();
      for (const [old, until] of endedHere) if (until <= now) endedHere.delete(old);
      endedHere.set(id, expiresAt);
      try {
        await db.drizzle.execute(
          sql`with expired as (delete from ended_sessions where expires_at <= ${now}::timestamptz)
              insert into ended_sessions (id, expires_at) values (${id}, ${expiresAt}::timestamptz) on conflict do nothing`,
        );
      } catch (error) {
        if (!isDatabaseAbsent(error)) throw error;
        log.error({ err: error }, "a session was ended in this process only: Postgres does not answer");
      }
    },
  };
}
