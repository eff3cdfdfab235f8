import type { Person } from "./person.ts";

/** Two words of 32 bits. */
export type Hash = readonly [number, number];

const OFFSETS: Hash = [0x811c9dc5, 0x9e3779b9];

/** Mixes words into a hash, as MurmurHash3 does. Equal input gives equal hashes; not cryptographic. */
export function openHash() {
  let [a, b] = OFFSETS;
  const doubles = new Float64Array(1);
  const words = new Uint32Array(doubles.buffer);
  const mix = (word: number): void => {
    a = Math.imul((a ^ word) >>> 0, 0x85ebca6b);
    a = ((a << 13) | (a >>> 19)) >>> 0;
    b = Math.imul((b ^ Math.imul(word, 0xc2b2ae35)) >>> 0, 0x27d4eb2f);
    b = ((b << 17) | (b >>> 15)) >>> 0;
  };
  const add = (value: number): void => {
    doubles[0] = value;
    mix(words[0] as number);
    mix(words[1] as number);
  };
  return {
    add,
    /** Hashed with the length, so that two lists differ from one list of the same elements. */
    addAll(values: ArrayLike<number> | null): void {
      add(values === null ? -1 : values.length);
      for (let i = 0; i < (values?.length ?? 0); i++) add((values as ArrayLike<number>)[i] as number);
    },
    end: (): Hash => [(a ^ (a >>> 16)) >>> 0, (b ^ (b >>> 15)) >>> 0],
  };
}

/** The hash of the facts that compatibility reads of a person, with original ids. */
export function personHash(person: Person): Hash {
  const { add, addAll, end } = openHash();
  add(person.id);
  for (const list of [person.traitIds, person.strengths, person.quiz, person.interests]) addAll(list);
  for (const list of [person.received, person.given]) addAll(list);
  add(person.quality ?? -1);
  return end();
}
