import { type AnyPerson, type UnpackedPerson, unpackedOf } from "./current-people.ts";
import { type ListFloors, openFloors } from "./list-floors.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { openPackedScores, type PackedScores } from "./packed-scores.ts";
import type { PersonRow } from "./read-facts.ts";
import { openViewerSides, type ViewerSides } from "./viewer-sides.ts";

/** The lists of a version, and the placements in them since its people were packed: plain data. */
export type PlacedSource = {
  /** The heads of all lists with their sizes (sent-lists.ts), at some time since. */
  readonly heads: Uint8Array;
  /** Lines of JSON, a `PlacedLine` each; append-only. */
  readonly log: Uint8Array;
  /** Number of bytes written to the log. */
  readonly logged: number;
  /** The instant of the lists, in milliseconds. */
  readonly asOf: number;
  /** How many of a list are served. */
  readonly served: number;
};

/** The result of one placement. */
export type PlacedLine = {
  /** Those who were placed and are present. */
  readonly people: readonly PersonRow[];
  /** Those who left. */
  readonly left: readonly number[];
  /** The lists that were rewritten: user, tier, size, score and id of the floor. */
  readonly lists: readonly (readonly [number, number, number, number | null, number | null])[];
  /** Numbers of the lists that people left, once per person. */
  readonly lost: readonly number[];
};

/** The people and the floors of the lists of a version after its placements, as a thread keeps them. */
export type PlacedPeople = {
  readonly base: OpenedPeople;
  readonly asOf: number;
  readonly scores: PackedScores;
  readonly sides: ViewerSides;
  readonly lists: ListFloors;
  /** Those who were placed and are present. */
  readonly fresh: ReadonlyMap<number, UnpackedPerson>;
  /** The person with the facts that lists are computed from; null for a person on no list. */
  find(id: number): AnyPerson | null;
  /** Reads the placements since the last call. */
  follow(source: PlacedSource): void;
};

/** Opens the placed people for the calling thread. */
export function openPlaced(base: OpenedPeople, source: PlacedSource): PlacedPeople {
  const { people } = base;
  const { asOf, served } = source;
  const fresh = new Map<number, UnpackedPerson>();
  const gone = new Set<number>();
  const lists = openFloors(base, served);
  let read = 0;
  let hasHeads = false;

  const readPeople = ({ people: rows, left }: PlacedLine): void => {
    for (const row of rows) {
      lists.replace(row.id);
      gone.delete(row.id);
      fresh.set(row.id, unpackedOf(base, row, asOf));
    }
    for (const id of left) {
      lists.replace(id);
      fresh.delete(id);
      gone.add(id);
    }
  };
  const readLine = (line: PlacedLine, heads: Uint8Array): void => {
    readPeople(line);
    if (!hasHeads) lists.addAll(heads, fresh);
    hasHeads = true;
    for (const [id, tier, size, score, userId] of line.lists) {
      const owner = fresh.get(id);
      if (owner) lists.add(owner, tier, size, score === null ? null : { score, userId: userId ?? 0 });
    }
    for (const list of line.lost) lists.lose(list);
  };
  const placed: PlacedPeople = {
    base,
    asOf,
    scores: openPackedScores(people.packed),
    sides: openViewerSides(people),
    lists,
    fresh,
    find(id) {
      const known = fresh.get(id);
      if (known || gone.has(id)) return known ?? null;
      const position = people.positionOf(id);
      return position === undefined ? null : people.readOnce(position);
    },
    follow({ log, logged, heads }) {
      // Another call has read further than this one: the result of this one will not be stored.
      if (logged <= read) return;
      const lines = Buffer.from(log.subarray(read, logged)).toString().split("\n");
      read = logged;
      for (const line of lines) if (line !== "") readLine(JSON.parse(line) as PlacedLine, heads);
    },
  };
  placed.follow(source);
  return placed;
}
