/** Volunteers whose ids share everything above the lowest 14 bits: so few that all that is looked up of them stays in cache. */
export const BLOCK_SIZE = 16_384;

/** One skill of a block as it is read: big-endian words of `local id << 10 | weight in thousandths`. */
export type PackedSkill = { readonly skillId: number; readonly words: Uint8Array };

/** A block as it is read. `places`: big-endian records of a local id (4 bytes), latitude and longitude (8 bytes each). */
export type PackedBlock = {
  readonly number: number;
  readonly skills: readonly PackedSkill[];
  readonly places: Uint8Array;
};

/** The inverted index of one block, in memory that threads share. */
export type SkillBlock = {
  readonly number: number;
  /** Ascending. */
  readonly skillIds: Float64Array;
  /** Where the postings of each skill begin, and where the last ones end. */
  readonly starts: Uint32Array;
  /** By skill, then by local id. */
  readonly postings: Uint32Array;
  /** Of a skill that many have: where its weights by local id lie in `dense`; -1 for the others. */
  readonly denseAt: Int32Array;
  readonly dense: Uint16Array;
  /** How many skills each has. */
  readonly skillCounts: Uint16Array;
  /** Of each skill, the bit that stands for it in a signature. */
  readonly bitOf: Uint8Array;
  /** Two words for each local id: the bits of all their skills. */
  readonly signatures: Uint32Array;
  /** By local id; NaN without a place. Empty when nobody of the block has one. */
  readonly latitudes: Float64Array;
  readonly longitudes: Float64Array;
  /** Local ids of those who have a place, from south to north. */
  readonly northward: Uint16Array;
  /** True when everybody who has a skill has a place. */
  readonly allPlaced: boolean;
};

const WEIGHT_BITS = 10;
const WEIGHT_MASK = (1 << WEIGHT_BITS) - 1;

/** Whose posting it is, as the lowest 16 bits of the id. */
export const localOf = (posting: number): number => posting >>> WEIGHT_BITS;
/** The weight of a posting, in thousandths. */
export const weightOf = (posting: number): number => posting & WEIGHT_MASK;

/** A skill that one in so many has is looked up by local id instead of by a search. */
const DENSE_ONE_IN = 16;
const PLACE_BYTES = 20;
const SIGNATURE_BITS = 64;
/** The commonest skills have a bit to themselves; the others share what is left. */
const OWN_BITS = 32;

const shared = (bytes: number) => new SharedArrayBuffer(bytes);

/** Makes the index of a block from what was read. */
export function buildBlock({ number, skills, places }: PackedBlock): SkillBlock {
  const sorted = [...skills].sort((a, b) => a.skillId - b.skillId);
  const total = sorted.reduce((sum, { words }) => sum + words.byteLength / 4, 0);
  const skillIds = new Float64Array(shared(sorted.length * 8));
  const starts = new Uint32Array(shared((sorted.length + 1) * 4));
  const postings = new Uint32Array(shared(total * 4));
  const skillCounts = new Uint16Array(shared(BLOCK_SIZE * 2));
  let at = 0;
  for (const [index, { skillId, words }] of sorted.entries()) {
    skillIds[index] = skillId;
    starts[index] = at;
    const list = postings.subarray(at, at + words.byteLength / 4);
    const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
    for (let i = 0; i < list.length; i++) {
      const posting = view.getUint32(i * 4);
      list[i] = posting;
      skillCounts[localOf(posting)] = (skillCounts[localOf(posting)] as number) + 1;
    }
    list.sort();
    at += list.length;
  }
  starts[sorted.length] = at;
  const placed = placesOf(places);
  const allPlaced = skillCounts.every(
    (count, local) => count === 0 || !Number.isNaN(placed.latitudes[local] ?? Number.NaN),
  );
  return {
    number,
    skillIds,
    starts,
    postings,
    skillCounts,
    allPlaced,
    ...placed,
    ...denseOf(starts, postings),
    ...signaturesOf(starts, postings),
  };
}

function signaturesOf(starts: Uint32Array, postings: Uint32Array): Pick<SkillBlock, "bitOf" | "signatures"> {
  const count = starts.length - 1;
  const lengthOf = (skill: number) => (starts[skill + 1] as number) - (starts[skill] as number);
  const bitOf = new Uint8Array(shared(count));
  const signatures = new Uint32Array(shared(2 * BLOCK_SIZE * 4));
  const commonFirst = Array.from({ length: count }, (_, skill) => skill).sort(
    (a, b) => lengthOf(b) - lengthOf(a),
  );
  for (const [rank, skill] of commonFirst.entries()) {
    const bit = rank < OWN_BITS ? rank : OWN_BITS + (rank % (SIGNATURE_BITS - OWN_BITS));
    bitOf[skill] = bit;
    for (let p = starts[skill] as number; p < (starts[skill + 1] as number); p++) {
      const at = 2 * localOf(postings[p] as number) + (bit >>> 5);
      signatures[at] = (signatures[at] as number) | (1 << (bit & 31));
    }
  }
  return { bitOf, signatures };
}

function denseOf(starts: Uint32Array, postings: Uint32Array): Pick<SkillBlock, "dense" | "denseAt"> {
  const count = starts.length - 1;
  const denseAt = new Int32Array(shared(count * 4)).fill(-1);
  let size = 0;
  for (let i = 0; i < count; i++) {
    if ((starts[i + 1] as number) - (starts[i] as number) < BLOCK_SIZE / DENSE_ONE_IN) continue;
    denseAt[i] = size;
    size += BLOCK_SIZE;
  }
  const dense = new Uint16Array(shared(size * 2));
  for (let i = 0; i < count; i++) {
    const base = denseAt[i] as number;
    if (base < 0) continue;
    for (let p = starts[i] as number; p < (starts[i + 1] as number); p++) {
      const posting = postings[p] as number;
      dense[base + localOf(posting)] = weightOf(posting);
    }
  }
  return { dense, denseAt };
}

function placesOf(places: Uint8Array): Pick<SkillBlock, "latitudes" | "longitudes" | "northward"> {
  const count = places.byteLength / PLACE_BYTES;
  const size = count === 0 ? 0 : BLOCK_SIZE;
  const latitudes = new Float64Array(shared(size * 8)).fill(Number.NaN);
  const longitudes = new Float64Array(shared(size * 8)).fill(Number.NaN);
  const northward = new Uint16Array(shared(count * 2));
  const view = new DataView(places.buffer, places.byteOffset, places.byteLength);
  for (let n = 0; n < count; n++) {
    const local = view.getUint32(n * PLACE_BYTES);
    latitudes[local] = view.getFloat64(n * PLACE_BYTES + 4);
    longitudes[local] = view.getFloat64(n * PLACE_BYTES + 12);
    northward[n] = local;
  }
  northward.sort((a, b) => (latitudes[a] as number) - (latitudes[b] as number));
  return { latitudes, longitudes, northward };
}

/** The position of a skill in a block, or -1. */
export function findSkill({ skillIds }: SkillBlock, skillId: number): number {
  let low = 0;
  let high = skillIds.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const id = skillIds[middle] as number;
    if (id === skillId) return middle;
    if (id < skillId) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The weight that somebody has in a skill of the block, in thousandths; 0: they do not have it. */
export function weightIn(block: SkillBlock, skill: number, local: number): number {
  const base = block.denseAt[skill] as number;
  if (base >= 0) return block.dense[base + local] as number;
  let low = block.starts[skill] as number;
  let high = (block.starts[skill + 1] as number) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const posting = block.postings[middle] as number;
    const at = localOf(posting);
    if (at === local) return weightOf(posting);
    if (at < local) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}

/** Where in `northward` the first stands who is not south of `latitude`. */
export function firstNorthOf({ northward, latitudes }: SkillBlock, latitude: number): number {
  let low = 0;
  let high = northward.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((latitudes[northward[middle] as number] as number) < latitude) low = middle + 1;
    else high = middle;
  }
  return low;
}
