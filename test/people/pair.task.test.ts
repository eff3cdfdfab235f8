import { expect, it } from "vitest";
import {
  compareUsers,
  loadPeople,
  mergeInto,
  placeInLists,
  searchRange,
} from "../../src/people/pair.task.ts";
import { TIERS } from "../../src/scoring/people/list-columns.ts";
import { AS_OF, randomPeople } from "../support/people.ts";
import { encodedLists, floorsOf, type ListStore, listKey, rowOf, store } from "../support/stored-pairs.ts";

const KEEP = 10;

it("loads, searches, places and compares people from what the database gives", () => {
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

  const changes = { asOf: AS_OF, replaced: "[]", left: [], ids: [5], rows: JSON.stringify([rows[4]]) };
  const place = { ...people, changes, blocks: "[]", keep: KEEP, floors: floorsOf(lists) };
  const { lists: own, affected } = placeInLists(place);
  expect([...own.userIds]).toEqual([5, 5]);
  const keys = Array.from(affected.userIds, (userId, n) => listKey(userId, TIERS[affected.tiers[n]!]!));
  const stored = encodedLists(keys.map((key) => lists.get(key)!));
  const merge = { affected, lists: stored, keep: KEEP, served: 8, perPiece: 1_000 };
  const { pieces: merged } = mergeInto({ ...people, changes, ...merge });
  // Nothing about them has changed, so that nobody else's list becomes longer.
  expect(merged).toHaveLength(1);
  for (const [n, size] of merged[0]!.sizes.entries()) expect(size).toBeLessThanOrEqual(stored.sizes[n]!);

  const options = { algoVersion: 1, asOf: AS_OF, replaced: "[]", left: [] };
  const compared = compareUsers({ ...people, targets: JSON.stringify([[1, [2, 3], null]]), options });
  expect([compared.pairs, [...compared.lists.targetIds]]).toEqual([2, [2, 3]]);
});
