/**
 * A block holds the volunteers whose ids agree above the lowest 14 bits: few enough that lookups stay in the
 * processor cache.
 */
export const BLOCK_SIZE = 16_384;
/** Words of a bitmap with one bit per volunteer of a block. */
export const BLOCK_WORDS = BLOCK_SIZE / 32;

/** A set of volunteers: words of 32 bits, the lowest bit for the lowest id. */
export type Bits = Uint32Array;

/**
 * A block as Postgres encodes it, in any order. `skills`: big-endian records of 8 bytes, `skill id << 24 |
 * local id << 10 | weight in thousandths`. `locations`: big-endian records of local id (4 bytes), latitude
 * and longitude (8 bytes each). The local id is the lowest 14 bits of the volunteer's id.
 */
export type PackedBlock = {
  readonly number: number;
  readonly skills: Uint8Array;
  readonly locations: Uint8Array;
};

/**
 * The skills of the volunteers of one block, indexed both by skill and by volunteer, in memory that threads
 * share.
 */
export type SkillBlock = {
  readonly number: number;
  /** Ascending. The index of a skill in here is called its position. */
  readonly skillIds: Float64Array;
  /**
   * `owners[ownerStarts[p] .. ownerStarts[p + 1])` are the local ids of those who have the skill at position
   * p.
   */
  readonly ownerStarts: Uint32Array;
  readonly owners: Uint16Array;
  /** By position: where the bitmap of the skill starts in `bitmaps`; -1 for a rare skill, which has none. */
  readonly bitmapAt: Int32Array;
  readonly bitmaps: Uint32Array;
  /** `skills[skillStarts[i] .. skillStarts[i + 1])` are the skills of the volunteer with local id i. */
  readonly skillStarts: Uint32Array;
  /** `position << 10 | weight in thousandths`. */
  readonly skills: Uint32Array;
  /** By local id; NaN without a location. Empty when nobody in the block has one. */
  readonly latitudes: Float64Array;
  readonly longitudes: Float64Array;
  /** Local ids of those with a location, from south to north. */
  readonly northward: Uint16Array;
  /** True when everybody with a skill has a location. */
  readonly allLocated: boolean;
};

const WEIGHT_BITS = 10;
const WEIGHT_MASK = (1 << WEIGHT_BITS) - 1;

/** The bits above the weight: a local id or the position of a skill. */
export const aboveWeight = (word: number): number => word >>> WEIGHT_BITS;
/** The weight, in thousandths. */
export const weightOf = (word: number): number => word & WEIGHT_MASK;

/**
 * A skill that at least one volunteer in 64 has gets a bitmap, which is then at most four times as long as
 * its list of owners.
 */
const BITMAP_ONE_IN = 64;
const SKILL_BYTES = 8;
const LOCATION_BYTES = 20;

const shared = (bytes: number) => new SharedArrayBuffer(bytes);

/** Builds the index of a block. */
export function buildBlock({ number, skills, locations }: PackedBlock): SkillBlock {
  const bySkill = [...postingsOf(skills)].sort(([a], [b]) => a - b);
  const skillIds = new Float64Array(shared(bySkill.length * 8));
  skillIds.set(bySkill.map(([skillId]) => skillId));
  const postings = bySkill.map(([, list]) => Uint32Array.from(list).sort());
  const owned = ownersOf(postings);
  const had = skillsOf(postings);
  const located = locationsOf(locations);
  const allLocated = had.skillStarts
    .subarray(0, BLOCK_SIZE)
    .every(
      (start, local) =>
        start === had.skillStarts[local + 1] || !Number.isNaN(located.latitudes[local] ?? Number.NaN),
    );
  return { number, skillIds, ...owned, ...had, ...located, allLocated };
}

/** By skill id: `local id << 10 | weight` of everybody who has it. */
function postingsOf(records: Uint8Array): Map<number, number[]> {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const bySkill = new Map<number, number[]>();
  let last = -1;
  let list: number[] = [];
  for (let at = 0; at < records.byteLength; at += SKILL_BYTES) {
    const low = view.getUint32(at + 4);
    const skillId = view.getUint32(at) * 256 + (low >>> 24);
    if (skillId !== last) {
      list = bySkill.get(skillId) ?? [];
      bySkill.set(skillId, list);
      last = skillId;
    }
    list.push(low & 0xffffff);
  }
  return bySkill;
}

const lengthOf = (postings: readonly Uint32Array[]): number =>
  postings.reduce((sum, { length }) => sum + length, 0);

type Owned = Pick<SkillBlock, "ownerStarts" | "owners" | "bitmapAt" | "bitmaps">;

function ownersOf(postings: readonly Uint32Array[]): Owned {
  const ownerStarts = new Uint32Array(shared((postings.length + 1) * 4));
  const owners = new Uint16Array(shared(lengthOf(postings) * 2));
  const common = postings.filter(({ length }) => length >= BLOCK_SIZE / BITMAP_ONE_IN);
  const bitmapAt = new Int32Array(shared(postings.length * 4)).fill(-1);
  const bitmaps = new Uint32Array(shared(common.length * BLOCK_WORDS * 4));
  let at = 0;
  let kept = 0;
  for (const [position, list] of postings.entries()) {
    ownerStarts[position] = at;
    for (const posting of list) owners[at++] = aboveWeight(posting);
    if (list.length < BLOCK_SIZE / BITMAP_ONE_IN) continue;
    bitmapAt[position] = kept;
    setBits(owners.subarray(at - list.length, at), bitmaps.subarray(kept, kept + BLOCK_WORDS));
    kept += BLOCK_WORDS;
  }
  ownerStarts[postings.length] = at;
  return { ownerStarts, owners, bitmapAt, bitmaps };
}

/** Sets the bits of the given local ids. */
function setBits(locals: Uint16Array, into: Bits): void {
  for (const local of locals) into[local >>> 5] = (into[local >>> 5] as number) | (1 << (local & 31));
}

function skillsOf(postings: readonly Uint32Array[]): Pick<SkillBlock, "skillStarts" | "skills"> {
  const skillStarts = new Uint32Array(shared((BLOCK_SIZE + 1) * 4));
  const skills = new Uint32Array(shared(lengthOf(postings) * 4));
  for (const list of postings)
    for (const posting of list) {
      const after = aboveWeight(posting) + 1;
      skillStarts[after] = (skillStarts[after] as number) + 1;
    }
  for (let local = 0; local < BLOCK_SIZE; local++)
    skillStarts[local + 1] = (skillStarts[local + 1] as number) + (skillStarts[local] as number);
  const next = skillStarts.slice();
  for (const [position, list] of postings.entries())
    for (const posting of list) {
      const local = aboveWeight(posting);
      const at = next[local] as number;
      skills[at] = (position << WEIGHT_BITS) | weightOf(posting);
      next[local] = at + 1;
    }
  return { skillStarts, skills };
}

function locationsOf(records: Uint8Array): Pick<SkillBlock, "latitudes" | "longitudes" | "northward"> {
  const count = records.byteLength / LOCATION_BYTES;
  const size = count === 0 ? 0 : BLOCK_SIZE;
  const latitudes = new Float64Array(shared(size * 8)).fill(Number.NaN);
  const longitudes = new Float64Array(shared(size * 8)).fill(Number.NaN);
  const northward = new Uint16Array(shared(count * 2));
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let n = 0; n < count; n++) {
    const local = view.getUint32(n * LOCATION_BYTES);
    latitudes[local] = view.getFloat64(n * LOCATION_BYTES + 4);
    longitudes[local] = view.getFloat64(n * LOCATION_BYTES + 12);
    northward[n] = local;
  }
  northward.sort((a, b) => (latitudes[a] as number) - (latitudes[b] as number));
  return { latitudes, longitudes, northward };
}

/** The position of a skill in a block, or -1 when nobody in it has the skill. */
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

/** Number of skills of a volunteer, as far as the block holds them. */
export const skillCountOf = ({ skillStarts }: SkillBlock, local: number): number =>
  (skillStarts[local + 1] as number) - (skillStarts[local] as number);

/**
 * Who has the skill at `position`. A skill without a stored bitmap is expanded into `buffer`, of BLOCK_WORDS
 * words.
 */
export function bitmapOf(block: SkillBlock, position: number, buffer: Bits): Bits {
  const stored = block.bitmapAt[position] as number;
  if (stored >= 0) return block.bitmaps.subarray(stored, stored + BLOCK_WORDS);
  buffer.fill(0);
  setBits(block.owners.subarray(block.ownerStarts[position], block.ownerStarts[position + 1]), buffer);
  return buffer;
}

/** Index in `northward` of the first volunteer who is not south of `latitude`. */
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
