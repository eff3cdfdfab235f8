import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../../src/random.ts";
import { TIERS } from "../../../src/scoring/people/list-columns.ts";
import { layOutPeople, openLoaded, rangeLists } from "../../../src/scoring/people/loaded-people.ts";
import { listNumber } from "../../../src/scoring/people/pair-entries.ts";
import { type PersonFacts, preparePerson } from "../../../src/scoring/people/person.ts";
import { type PairPlacement, type Placing, placePeople } from "../../../src/scoring/people/place-people.ts";
import { openPlaced, type PlacedLine, type PlacedPeople } from "../../../src/scoring/people/placed-people.ts";
import { bestPairs, comparePairs, type PairTier } from "../../../src/scoring/people/score-pair.ts";
import { AS_OF, person, randomPeople } from "../../support/people.ts";
import { size } from "../../support/sizes.ts";
import { type ListStore, listKey, rowOf, sizedHeads, store } from "../../support/stored-pairs.ts";

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
  const entries: Entry[] = [];
  const lost: { readonly list: number; readonly change: number }[] = [];
  /** The change by which somebody was placed, or a list was written. */
  const placedBy = new Map<number, number>();
  const writtenBy = new Map<string, number>();
  let change = 0;

  const add = (one: PersonFacts): void => {
    now.set(one.id, one);
    positions.set(one.id, positions.get(one.id) ?? positions.size);
  };
  const rows = (ids: readonly number[], from: ReadonlyMap<number, PersonFacts>) =>
    ids.map((id) => rowOf(from.get(id)!, positions.get(id)!));

  /** A worker: what it has in memory, and until which change. */
  const openWorker = () => {
    const ids = [...placed.keys()];
    const half = Math.ceil(ids.length / 2);
    const pieces = [ids.slice(0, half), ids.slice(half)].map((piece) => JSON.stringify(rows(piece, placed)));
    const base = openLoaded(layOutPeople(pieces, AS_OF, 2));
    const packedAt = change;
    let followed = change;
    let state: PlacedPeople | null = null;
    let log = Buffer.alloc(0);
    return {
      base,
      place(placing: Placing): PairPlacement {
        const since = state === null ? packedAt : followed;
        const changed = [...placedBy].flatMap(([id, by]) => (by > since ? [id] : []));
        const present = changed.filter((id) => placed.has(id));
        const line: PlacedLine = {
          people: rows(present, placed),
          left: changed.filter((id) => !placed.has(id)),
          lists: [...lists].flatMap(
            ([
              key,
              {
                userId,
                tier,
                positions: { length },
                floor,
              },
            ]) =>
              (writtenBy.get(key) ?? 0) > since
                ? [
                    [
                      userId,
                      TIERS.indexOf(tier),
                      length,
                      floor?.score ?? null,
                      floor?.userId ?? null,
                    ] as const,
                  ]
                : [],
          ),
          lost: lost.flatMap((one) => (state === null || one.change > since ? [one.list] : [])),
        };
        log = Buffer.concat([log, Buffer.from(`${JSON.stringify(line)}\n`)]);
        const source = { heads: sizedHeads(lists), log, logged: log.length, asOf: AS_OF, served: SERVED };
        state ??= openPlaced(base, source);
        state.follow(source);
        followed = change;
        return placePeople(state, placing);
      },
    };
  };

  for (const one of facts) add(one);
  for (const one of facts) placed.set(one.id, one);
  let workers = [openWorker(), openWorker()];
  const options = { keep: KEEP, served: SERVED, perPiece: 7, earlierLists: null };
  const found = rangeLists(workers[0]!.base, { from: 0, to: facts.length }, new Map(), options);
  for (const piece of found.pieces) store(lists, piece);

  const storePlacement = (ids: readonly number[], { lists: own, entries: columns }: PairPlacement): void => {
    change += ids.length;
    for (const id of ids) {
      placedBy.set(id, change);
      const one = now.get(id);
      if (one) placed.set(id, one);
      else placed.delete(id);
      for (const tier of TIERS) {
        writtenBy.set(listKey(id, tier), change);
        if (!one) lists.delete(listKey(id, tier));
      }
    }
    store(lists, own);
    for (const [n, candidate] of columns.candidates.entries())
      entries.push({ list: columns.lists[n]!, candidate, score: columns.scores[n]!, change });
    for (const list of columns.lists.slice(columns.candidates.length)) lost.push({ list, change });
  };
  /** Places people, and those of whose lists too many have left, by one of the workers. */
  const place = (ids: readonly number[]): readonly number[] => {
    const placing: Placing = {
      ids,
      rows: JSON.stringify(
        rows(
          ids.filter((id) => now.has(id)),
          now,
        ),
      ),
      keep: KEEP,
      blocked: new Map([...blocked].map(([id, others]) => [id, [...others]])),
    };
    const placement = workers[change % workers.length]!.place(placing);
    storePlacement(ids, placement);
    const { short } = placement;
    return short.length > 0 ? [...short, ...place(short)] : [];
  };
  /** A list as it is read. */
  const read = (viewer: number, tier: PairTier) => {
    const key = listKey(viewer, tier);
    const list = lists.get(key)!;
    const by = writtenBy.get(key) ?? 0;
    const idAt = new Map([...positions].map(([id, position]) => [position, id]));
    const changeOf = (position: number): number => placedBy.get(idAt.get(position)!) ?? 0;
    const number = listNumber(positions.get(viewer)!, TIERS.indexOf(tier));
    return [
      ...list.positions.map((position, n) => ({ position, score: list.scores[n]!, change: by })),
      ...entries
        .filter((entry) => entry.list === number && entry.change > by)
        .map((entry) => ({ ...entry, position: entry.candidate })),
    ]
      .filter((one) => ("list" in one ? changeOf(one.position) === one.change : changeOf(one.position) <= by))
      .map(({ position, score }) => ({ candidateId: idAt.get(position)!, score }))
      .sort(comparePairs)
      .slice(0, SERVED);
  };

  return {
    now,
    add,
    place,
    /** Another worker takes the place of one. */
    reread() {
      workers = [workers[1]!, openWorker()];
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
      for (const viewer of people) {
        const best = bestPairs(viewer, people, SERVED, blocked.get(viewer.id));
        for (const tier of TIERS) {
          const expected = best[tier].map(({ candidateId, score }) => ({
            candidateId,
            score: Math.fround(score),
          }));
          expect({ viewer: viewer.id, tier, list: read(viewer.id, tier) }).toEqual({
            viewer: viewer.id,
            tier,
            list: expected,
          });
        }
      }
    },
  };
}

type Entry = {
  readonly list: number;
  readonly candidate: number;
  readonly score: number;
  readonly change: number;
};
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

  it("computes a list anew once more have left it than its reserve, and not before", () => {
    const all = openCommunity(randomPeople(8, 60, { interests: 4, traits: 4 }));
    const refilled: number[] = [];
    for (const id of [...all.now.keys()].slice(0, 30)) {
      const before = refilled.length;
      all.now.set(id, { ...all.now.get(id)!, isCandidate: false });
      refilled.push(...all.place([id]));
      // The reserve of a list is 4.
      if (id <= 4) expect(refilled.length).toBe(before);
      all.expectExact();
    }
    expect(refilled.length).toBeGreaterThan(0);
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
  else if (kind < 0.3 && before) all.now.set(id, { ...before, updatedAt: AS_OF });
  else if (before)
    all.now.set(id, kind < 0.45 ? { ...before, isCandidate: !before.isCandidate } : { ...other, id });
}
