import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../../src/random.ts";
import type { Changes } from "../../../src/scoring/people/current-people.ts";
import { TIERS } from "../../../src/scoring/people/list-columns.ts";
import {
  layOutPeople,
  type OpenedPeople,
  openLoaded,
  rangeLists,
} from "../../../src/scoring/people/loaded-people.ts";
import { mergeLists } from "../../../src/scoring/people/merge-lists.ts";
import { type PersonFacts, preparePerson } from "../../../src/scoring/people/person.ts";
import { placePeople } from "../../../src/scoring/people/place-people.ts";
import { bestPairs } from "../../../src/scoring/people/score-pair.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";
import { size } from "../../support/sizes.ts";
import { encodedLists, floorsOf, type ListStore, listKey, rowOf, store } from "../../support/stored-pairs.ts";

const KEEP = 16;
const SERVED = 12;

/** Lists in memory, kept current as the jobs do it in Postgres. */
function openCommunity(facts: readonly PersonFacts[]) {
  const now = new Map<number, PersonFacts>();
  /** What the lists are computed from. */
  const placed = new Map<number, PersonFacts>();
  const positions = new Map<number, number>();
  const blocked = new Map<number, Set<number>>();
  const lists: ListStore = new Map();
  let replaced = new Set<number>();

  const add = (one: PersonFacts): void => {
    now.set(one.id, one);
    positions.set(one.id, positions.get(one.id) ?? positions.size);
  };
  const rows = (ids: readonly number[], from: ReadonlyMap<number, PersonFacts>): string =>
    JSON.stringify(ids.map((id) => rowOf(from.get(id)!, positions.get(id)!)));
  /** Reads everybody, in two pieces. */
  const read = (): OpenedPeople => {
    const ids = [...placed.keys()];
    const half = Math.ceil(ids.length / 2);
    const pieces = [rows(ids.slice(0, half), placed), rows(ids.slice(half), placed)];
    return openLoaded(layOutPeople(pieces, AS_OF, 2));
  };

  for (const one of facts) add(one);
  for (const one of facts) placed.set(one.id, one);
  let base = read();
  const options = { keep: KEEP, served: SERVED, perPiece: 7, earlierLists: null };
  const found = rangeLists(base, { from: 0, to: facts.length }, new Map(), options);
  for (const piece of found.pieces) store(lists, piece);

  const forget = (id: number): void => {
    placed.delete(id);
    for (const tier of ["A", "B"] as const) lists.delete(listKey(id, tier));
  };
  /** Places people, and those of whose lists too many have left. */
  const place = (ids: readonly number[]): void => {
    const present = (id: number): boolean => placed.has(id);
    const changes: Changes = {
      asOf: AS_OF,
      replaced: rows([...replaced].filter(present), placed),
      left: [...replaced].filter((id) => !present(id)),
      ids,
      rows: rows(
        ids.filter((id) => now.has(id)),
        now,
      ),
    };
    const options = {
      keep: KEEP,
      blocked: new Map([...blocked].map(([id, others]) => [id, [...others]])),
      floors: floorsOf(lists),
    };
    const placement = placePeople(base, changes, options);
    const { affected } = placement;
    const keys = Array.from(affected.userIds, (userId, n) => listKey(userId, TIERS[affected.tiers[n]!]!));
    const stored = encodedLists(keys.map((key) => lists.get(key)!));
    const merged = mergeLists(base, changes, {
      affected,
      lists: stored,
      keep: KEEP,
      served: SERVED,
      perPiece: 7,
    });
    for (const columns of [placement.lists, ...merged.pieces]) store(lists, columns);
    for (const id of ids) {
      replaced.add(id);
      const one = now.get(id);
      if (one) placed.set(id, one);
      else forget(id);
    }
    if (merged.short.length > 0) place(merged.short);
  };

  return {
    now,
    add,
    place,
    /** Reads everybody again, as another worker would. */
    reread() {
      base = read();
      replaced = new Set();
    },
    block(a: number, b: number) {
      blocked.set(a, new Set([...(blocked.get(a) ?? []), b]));
      blocked.set(b, new Set([...(blocked.get(b) ?? []), a]));
    },
    unblock(a: number) {
      for (const other of blocked.get(a) ?? []) blocked.get(other)?.delete(a);
      blocked.delete(a);
    },
    expectExact() {
      const people = [...now.values()].map((one) => preparePerson(one, AS_OF));
      const idAt = new Map([...positions].map(([id, position]) => [position, id]));
      for (const viewer of people) {
        const best = bestPairs(viewer, people, SERVED, blocked.get(viewer.id));
        for (const tier of ["A", "B"] as const) {
          const list = lists.get(listKey(viewer.id, tier))!;
          const served = list.positions.slice(0, SERVED).map((position) => idAt.get(position));
          const expected = best[tier].map(({ candidateId }) => candidateId);
          expect({ viewer: viewer.id, tier, ids: served }).toEqual({
            viewer: viewer.id,
            tier,
            ids: expected,
          });
          const scores = best[tier].map(({ score }) => Math.fround(score));
          expect(list.scores.slice(0, SERVED)).toEqual(scores);
        }
      }
    },
  };
}
type Community = ReturnType<typeof openCommunity>;

describe("placePeople", () => {
  it.each([
    [1, size(300, 1_000)],
    [2, size(100, 1_000)],
  ])("keeps the lists the same as computed anew: seed %d, %d random changes", (seed, changes) => {
    const random = seededRandom(seed);
    // Few interests and traits: many scores tie or almost do.
    const population = { interests: 12, traits: 5 };
    const facts = randomPeople(seed, 90, population);
    const others = randomPeople(seed + 100, 1_500, population);
    const all = openCommunity(facts);
    all.expectExact();
    for (let n = 0; n < changes; n++) {
      const ids = Array.from({ length: random.between(1, 3) }, () => random.pick([...all.now.keys()]));
      for (const id of ids) changeOne(all, id, others[n]!, random);
      if (n % 97 === 0) {
        all.add({ ...others[n]!, id: 1_000 + n });
        ids.push(1_000 + n);
      }
      all.place([...new Set(ids)]);
      if (n % 211 === 0) all.reread();
      if (n % 50 === 0) all.expectExact();
    }
    all.expectExact();
  });

  it("keeps identical people in the order of their ids", () => {
    const all = openCommunity(Array.from({ length: 40 }, (_, n) => person(n + 1)));
    for (const id of [1, 3, 2, 40]) {
      all.now.set(id, person(id, { interests: [7] }));
      all.place([id]);
      all.expectExact();
      all.now.set(id, person(id));
      all.place([id]);
      all.expectExact();
    }
  });

  it("people with interests and traits that nobody had before are compared with each other", () => {
    const all = openCommunity(randomPeople(5, 20, { interests: 3, traits: 3 }));
    const traits = new Map([
      [900, { value: 5, count: 5 }],
      [901, { value: 3, count: 5 }],
    ]);
    all.now.set(1, person(1, { interests: [800, 801], traits }));
    all.place([1]);
    all.expectExact();
    all.now.set(2, person(2, { interests: [801, 2], traits }));
    all.place([2]);
    all.expectExact();
  });
});

function changeOne(all: Community, id: number, other: PersonFacts, random: Random): void {
  const kind = random.next();
  const before = all.now.get(id);
  if (kind < 0.03 && all.now.size > 60) all.now.delete(id);
  else if (kind < 0.1) all.block(id, random.pick([...all.now.keys()].filter((one) => one !== id)));
  else if (kind < 0.15) all.unblock(id);
  else if (before)
    all.now.set(id, kind < 0.3 ? { ...before, isCandidate: !before.isCandidate } : { ...other, id });
}
