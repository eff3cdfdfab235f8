import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import {
  cutRanges,
  type FoundMatches,
  findAlone,
  findMatches,
  type MatchRange,
  storeMatches,
} from "../../project-matching/match-range.ts";
import { offerVolunteer } from "../../project-matching/place-volunteer.ts";
import { fullRunUnderWay } from "../../project-matching/run-exclusion.ts";
import { defineJob } from "../../queues/job.ts";
import { done, Snooze } from "../../queues/outcome.ts";

const NAME = "calculate-matches";
const LOOK_AGAIN_MS = 2_000;
const TURN_MS = 100;

const ID = z.string().regex(/^[1-9]\d{0,14}$/, "must be an id");

/** Brings the lists of the best candidates up to date: of all projects, of one, or those that one volunteer is or may be on. */
export const calculateMatches = defineJob({
  name: NAME,
  queue: "matching",
  description: "Works out which volunteers fit which open projects, and keeps the best of each project.",
  payload: z
    .object({
      projectId: ID.optional().describe("the list of this project alone, by its id"),
      volunteerId: ID.optional().describe("the place of this volunteer alone, by their user id"),
    })
    .refine(
      ({ projectId, volunteerId }) => projectId === undefined || volunteerId === undefined,
      "projectId and volunteerId exclude each other",
    ),
  // Threads have what others leave of the processors, and large statements rest: a range may wait long before its transaction begins.
  timeLimitMs: 600_000,
  key: ({ projectId, volunteerId }) =>
    projectId ? `project:${projectId}` : volunteerId ? `volunteer:${volunteerId}` : "all",
  cut: async ({ projectId, volunteerId }, { tx, runId, now, settings }): Promise<MatchRange[]> => {
    // A run over everybody may have read what has changed since: whatever is worked out alone comes after it.
    if (await fullRunUnderWay(tx, runId))
      throw new Snooze(LOOK_AGAIN_MS, "a run over all projects is under way");
    const keep = settings.matching.matchesPerProject;
    if (projectId) return [alone(projectId, keep)];
    if (!volunteerId) return cutRanges(tx, keep);
    await takeTurn(tx);
    const ids = await offerVolunteer(tx, volunteerId, keep, now);
    return ids.map((id) => alone(id, keep));
  },
  compute: async (range: MatchRange, context) => (range.whole ? findMatches(context, range) : null),
  run: async (range: MatchRange, context, ahead: FoundMatches | null) => {
    if (!range.whole) await takeTurn(context.tx);
    const found = ahead ?? (await findAlone(context, range));
    return done({ ...(await storeMatches(context, range, found)) });
  },
  sum: async (_payload, counts) =>
    done({ projects: 0, matches: 0, added: 0, changed: 0, removed: 0, ...counts }),
});

const alone = (id: string, keep: number): MatchRange => ({ projects: { ids: [id] }, whole: false, keep });

/** Two that work out single places or lists at once could each miss what the other writes. */
async function takeTurn(tx: Tx): Promise<void> {
  const [turn] = await rows<{ mine: boolean }>(
    tx,
    sql`select pg_try_advisory_xact_lock(hashtextextended(${NAME}, 0)) as mine`,
  );
  if (!turn?.mine) throw new Snooze(TURN_MS, "another list is being worked out");
}
