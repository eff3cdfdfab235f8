import { z } from "zod";
import type { Tx } from "../../../db/transaction.ts";
import {
  deleteVersion,
  retiredVersions,
  servedVersion,
  serveVersion,
  versionOfRun,
} from "../../../db/versions.ts";
import { ownIdField } from "../../../ids.ts";
import { cutAllUsers } from "../../../people/all-users.ts";
import { batchOption } from "../../../people/batch-option.ts";
import { waitForBuilding } from "../../../people/run-exclusion.ts";
import { cutTraitDrops, storeTraits, type TraitRange, traitRange } from "../../../people/trait-range.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import {
  AnotherVersion,
  done,
  type Further,
  further,
  type Outcome,
  skipped,
} from "../../../queues/outcome.ts";
import { indexProfile } from "./index-profile.ts";
import { matchScores } from "./match-scores.ts";
import { profileSearchIndex } from "./profile-search-index.ts";
import { recordPairChanges } from "./record-pair-changes.ts";

/** A fifth of a second. */
const DEFAULT_BATCH = 1_000;

const NOTHING = { users: 0, traits: 0 };

const payload = z.object({
  userId: ownIdField().optional().describe("only for this user"),
  batchSize: batchOption("users whose traits are computed together", { usual: DEFAULT_BATCH, most: 5_000 }),
});
type Input = z.infer<typeof payload>;

const cutUsers = (tx: Tx, { batchSize }: Input) => cutAllUsers(tx, batchSize ?? DEFAULT_BATCH);

/** Computes the traits of users from their quiz answers. */
export const buildUserTraits = defineJob({
  name: "build-user-traits",
  queue: "matching",
  description: "Computes the traits of users from their quiz answers.",
  payload,
  key: ({ userId }) => (userId ? `user:${userId}` : "all"),
  range: traitRange,
  cut: async (input: Input, { tx, settings }): Promise<readonly TraitRange[]> => {
    const algoVersion = settings.pairs.traitAlgoVersion;
    await waitForBuilding(tx, "traits");
    const served = (await servedVersion(tx, "traits"))?.algoVersion ?? 0;
    if (served < algoVersion) return [{ open: algoVersion }];
    if (served === algoVersion) return input.userId ? [{ ids: [input.userId] }] : cutUsers(tx, input);
    if (input.userId) throw new AnotherVersion(`traits of TRAIT_ALGO_VERSION ${served} are served`);
    return [];
  },
  run: async (range: TraitRange, context) => {
    const { tx } = context;
    const written = await storeTraits(context, range);
    if (written === null) {
      await rebuildAll(tx);
      return done();
    }
    const { changed, traits } = written;
    await enqueueMany(
      tx,
      recordPairChanges,
      changed.map((userId) => ({ userId })),
    );
    // A run over everybody is followed by profile-search-index, which reads everybody.
    if ("ids" in range)
      await enqueueMany(
        tx,
        indexProfile,
        changed.map((userId) => ({ userId })),
      );
    return done("open" in range ? {} : { users: changed.length, traits });
  },
  sum: async (input: Input, counts, context): Promise<Outcome | Further<TraitRange>> => {
    const { tx, now, runId, settings } = context;
    const building = await versionOfRun(tx, "traits", runId);
    if (building !== null && !("users" in counts)) return further(await cutUsers(tx, input), NOTHING);
    if (building !== null && (await serveVersion(tx, "traits", building.id, now))) await followSwap(tx);
    const retired = await retiredVersions(tx, "traits");
    if (retired.length > 0 && !("dropped" in counts))
      return further(await cutTraitDrops(tx, retired), { ...counts, dropped: 0 });
    for (const version of retired) await deleteVersion(tx, version);
    const served = await servedVersion(tx, "traits");
    if (!("users" in counts) && (served?.algoVersion ?? 0) > settings.pairs.traitAlgoVersion)
      return skipped("traits of a later TRAIT_ALGO_VERSION are served");
    return done({ ...NOTHING, ...counts });
  },
});

/** The run of an older process was left to this one, whose algorithm is newer. */
async function rebuildAll(tx: Tx): Promise<void> {
  await enqueue(tx, buildUserTraits, {});
}

/** Traits of a new algorithm are others for everybody: all that was computed from them is computed again. */
async function followSwap(tx: Tx): Promise<void> {
  await enqueue(tx, matchScores, { full: true });
  await enqueue(tx, profileSearchIndex, {});
}
