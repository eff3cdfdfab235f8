import { z } from "zod";
import { readNoticeProjects, readPairs } from "../../matching/candidate-pairs.ts";
import { calculatedSince, fullRunUnderWay } from "../../matching/full-runs.ts";
import { cutRanges, type MatchRange, matchRange } from "../../matching/match-range.ts";
import { findSender, recordNotices } from "../../matching/record-notices.ts";
import { defineJob } from "../../queues/job.ts";
import { done, Snooze } from "../../queues/outcome.ts";
import { chooseCandidates, SKIP_REASONS } from "../../scoring/choose-candidates.ts";

const LOOK_AGAIN_MS = 2_000;

/** Brings the lists up to its slot, then tells the best candidates of each project, and its lead. */
export const notifyProjectMatches = defineJob({
  name: "notify-project-matches",
  queue: "notifications",
  description:
    "Tells the best candidates about projects that they fit, and team leads about their candidates.",
  payload: z.object({}),
  key: () => "all",
  cut: async (_payload, { tx, runId, now, settings }): Promise<MatchRange[]> => {
    if (await fullRunUnderWay(tx, runId)) throw new Snooze(LOOK_AGAIN_MS, "matches are being calculated");
    // The hourly run of this very slot may have come first.
    if (await calculatedSince(tx, now)) return [];
    return cutRanges(tx, settings.matching.matchesPerProject);
  },
  run: async (range: MatchRange, context) => {
    const { matches, added, changed, removed } = await matchRange(context, range);
    return done({ matches, added, changed, removed });
  },
  sum: async (_payload, counts, { tx, now, runId, settings }) => {
    const { topCandidates: places, minimumScore, systemUser } = settings.matching;
    const senderId = await findSender(tx, systemUser);
    const projects = await readNoticeProjects(tx);
    const decided = chooseCandidates(await readPairs(tx, minimumScore, now), places);
    await recordNotices(tx, { ...decided, projects, runId, slot: now, places, minimumScore, senderId });
    const skipped = SKIP_REASONS.map((reason) => [
      `skipped-${reason}`,
      decided.passedOver.filter(({ skip }) => skip === reason).length,
    ]);
    return done({
      ...counts,
      projects: projects.length,
      candidates: decided.chosen.length,
      leads: new Set(decided.chosen.map(({ projectId }) => projectId)).size,
      ...Object.fromEntries(skipped.filter(([, n]) => n !== 0)),
    });
  },
});
