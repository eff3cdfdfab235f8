import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import type { MatchColumns } from "../../src/project-matching/rank.task.ts";
import { writeMatches } from "../../src/project-matching/write-matches.ts";
import { createWorld } from "../support/world.ts";

const PER_PROJECT = 200;
const SCOPE = { from: "1", to: "65" };

/** Full lists of the given projects, with falling scores. */
function listsOf(projectIds: readonly number[]): MatchColumns {
  const rows = projectIds.flatMap((project) =>
    Array.from({ length: PER_PROJECT }, (_, at) => ({ project, volunteer: at + 1, score: 900_000 - at })),
  );
  const share = (value: number) => Int32Array.from(rows, () => value);
  return {
    projectIds: Float64Array.from(rows, ({ project }) => project),
    volunteerIds: Float64Array.from(rows, ({ volunteer }) => volunteer),
    scores: Int32Array.from(rows, ({ score }) => score),
    coverages: share(500_000),
    cosines: share(400_000),
    jaccards: share(300_000),
    locationScores: share(-1),
    skillSetIndexes: share(0),
    skillSets: [[1, 2]],
  };
}

const projectsIn = ({ projectIds }: MatchColumns) =>
  [...new Set(projectIds)].map((id) => ({ id, capacity: 200 }));

it("stores a whole range within the statement timeout, though the statistics are older than the lists", async () => {
  const world = await createWorld({});
  const at = new Date("2026-03-02T10:00:00Z");
  const write = (scope: { from: string; to: string }, columns: MatchColumns) =>
    inTransaction(world.db, (tx) => writeMatches(tx, { scope, columns, projects: projectsIn(columns) }, at));
  await write({ from: "1000", to: "1001" }, listsOf([1_000]));
  await world.query("analyze volunteer_initiative_matches");
  const lists = listsOf(Array.from({ length: 64 }, (_, at) => at + 1));
  expect(await write(SCOPE, lists)).toEqual({ added: 12_800, changed: 0, removed: 0 });
  expect(await write(SCOPE, lists)).toEqual({ added: 0, changed: 0, removed: 0 });
  expect(await write(SCOPE, { ...lists, scores: lists.scores.map((score) => score + 1) })).toEqual({
    added: 0,
    changed: 12_800,
    removed: 0,
  });
  expect(await write(SCOPE, listsOf([64]))).toEqual({ added: 0, changed: 200, removed: 12_600 });
});
