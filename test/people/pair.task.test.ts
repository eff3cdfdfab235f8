import { expect, it } from "vitest";
import { compareUsers, loadPeople, placeInLists, searchRange } from "../../src/people/pair.task.ts";
import { TIERS } from "../../src/scoring/people/list-columns.ts";
import { listNumber } from "../../src/scoring/people/pair-entries.ts";
import { AS_OF, randomPeople } from "../support/people.ts";
import { type ListStore, listKey, rowOf, sizedHeads, store } from "../support/stored-pairs.ts";

const KEEP = 10;

it("loads, searches, places and compares people from rows of the database", () => {
  const facts = randomPeople(61, 60);
  const rows = facts.map((one, position) => rowOf(one, position));
  const pieces = [rows.slice(0, 30), rows.slice(30)].map((piece) => Buffer.from(JSON.stringify(piece)));
  const people = {
    key: "sixty people",
    loaded: loadPeople({ pieces, asOf: AS_OF, slots: 2, earlier: null }),
  };

  const blocks = JSON.stringify([[1, [2, 3]]]);
  const search = { from: 0, to: 60, blocks, keep: KEEP, served: 8, perPiece: 25, earlierLists: null };
  const found = searchRange({ ...people, ...search });
  expect([found.viewers, found.pieces.length]).toEqual([60, 3]);
  const lists: ListStore = new Map();
  for (const piece of found.pieces) store(lists, piece);
  for (const tier of ["A", "B"] as const)
    for (const blocked of [1, 2]) expect(lists.get(listKey(1, tier))!.positions).not.toContain(blocked);

  const log = Buffer.from(`${JSON.stringify({ people: [], left: [], lists: [], lost: [] })}\n`);
  const source = { heads: sizedHeads(lists), log, logged: log.length, asOf: AS_OF, served: 8 };
  const placing = { ids: [5], rows: JSON.stringify([rows[4]]), blocks: "[]", keep: KEEP };
  const { lists: own, entries, short } = placeInLists({ ...people, ...placing, source });
  expect([...own.userIds]).toEqual([5, 5]);
  // Nothing about them has changed, so that they enter the lists on which they were.
  const listed = [...lists.values()].filter(({ positions }) => positions.includes(4));
  expect([...entries.lists].sort((a, b) => a - b)).toEqual(
    listed.map(({ userId, tier }) => listNumber(userId - 1, TIERS.indexOf(tier))).sort((a, b) => a - b),
  );
  expect([[...new Set(entries.candidates)], short]).toEqual([[4], []]);

  const options = { algoVersion: 1, asOf: AS_OF, replaced: "[]", left: [] };
  const compared = compareUsers({ ...people, targets: JSON.stringify([[1, [2, 3], null]]), options });
  expect([compared.pairs, [...compared.lists.targetIds]]).toEqual([2, [2, 3]]);
});
