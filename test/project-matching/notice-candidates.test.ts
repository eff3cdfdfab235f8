import { describe, expect, it } from "vitest";
import { listRuns } from "../../src/queues/runs.ts";
import { chooseCandidates, type NoticePair } from "../../src/scoring/project-matching/choose-candidates.ts";
import { notifyProjectMatches } from "../../src/workers/notifications/matching/notify-project-matches.ts";
import { organization, volunteer } from "../support/factories.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { projectFor } from "../support/matching.ts";
import { createWorld } from "../support/world.ts";

const OPENINGS = 3;
const NOW = "2026-03-02T09:00:00Z";

/** Seeded numbers below a limit. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

describe("the candidates that a run notifies", () => {
  it("are those that choosing from all pairs at once gives, ties and rules included", async () => {
    const world = await createWorld({ environment: { TOP_K_CANDIDATES: String(OPENINGS) }, at: NOW });
    const organizationId = await organization(world);
    const draw = numbers(7);
    const people: string[] = [];
    for (let n = 0; n < 30; n++) people.push((await volunteer(world, { organizationId })).userId);
    await world.query("insert into volunteers (user_id) select unnest($1::bigint[])", [people]);
    const projects: string[] = [];
    for (let n = 0; n < 7; n++) projects.push(await projectFor(world, ["cooking"], { organizationId }));
    const pairs: NoticePair[] = projects.flatMap((projectId) =>
      people
        .filter(() => draw(3) > 0)
        .map((volunteerId) => ({
          projectId,
          volunteerId,
          score: 0.6 + draw(4) / 10,
          matchedCount: 1 + draw(2),
          skip: draw(4) === 0 ? ("applied" as const) : null,
        })),
    );
    await world.query(
      `insert into volunteer_initiative_matches
         (project_id, volunteer_id, match_score, coverage, cosine, jaccard, matched_skill_ids, matched_skill_count, calculated_at)
       select p, v, s, s, s, s, array_fill(1::bigint, array[c]), c, now()
       from unnest($1::bigint[], $2::bigint[], $3::float8[], $4::int[]) as m(p, v, s, c)`,
      [
        pairs.map(({ projectId }) => projectId),
        pairs.map(({ volunteerId }) => volunteerId),
        pairs.map(({ score }) => score),
        pairs.map(({ matchedCount }) => matchedCount),
      ],
    );
    const applied = pairs.filter(({ skip }) => skip !== null);
    await world.query(
      "insert into project_applications (project_id, user_id) select * from unnest($1::bigint[], $2::bigint[])",
      [applied.map(({ projectId }) => projectId), applied.map(({ volunteerId }) => volunteerId)],
    );
    // The hourly run of this slot is done, so the lists are not recomputed.
    await world.query(
      `insert into job_runs (job, trigger, input, status, started_at, finished_at)
       values ('calculate-matches', 'manual', '{}', 'done', $1::timestamptz, $1::timestamptz)`,
      [NOW],
    );
    await enqueueRunIn(world, notifyProjectMatches, {});
    for (;;) {
      const [entry] = (await world.enqueued()).filter(({ job }) => job.startsWith(notifyProjectMatches.name));
      if (!entry) break;
      await world.run({ name: entry.job }, [entry.id]);
    }
    const notified = await world.query<{ pair: string }>(
      "select volunteer_id || ' of ' || project_id as pair from candidate_notifications",
    );
    const expected = chooseCandidates(pairs, OPENINGS);
    expect(notified.map(({ pair }) => pair).sort()).toEqual(
      expected.chosen.map(({ projectId, volunteerId }) => `${volunteerId} of ${projectId}`).sort(),
    );
    const count = (reason: string) => expected.skipped.filter(({ skip }) => skip === reason).length;
    expect(count("notified-today")).toBeGreaterThan(0);
    const [run] = await listRuns(world.db.drizzle, { job: notifyProjectMatches.name }, 1);
    expect(run).toMatchObject({
      status: "done",
      counts: {
        candidates: expected.chosen.length,
        "skipped-applied": count("applied"),
        "skipped-notified-today": count("notified-today"),
      },
    });
  });
});
