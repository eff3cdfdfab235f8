/** Volunteers whose ids share everything above the lowest 14 bits: so few that all that is looked up of them stays in cache. */
export const BLOCK_SIZE = 16_384;
/** A bit for each of them, in words. */
export const BLOCK_WORDS = BLOCK_SIZE / 32;

/** Words of 32 people each; the lowest bit is the first of them. */
export type Bits = Uint32Array;

/**
 * A block as it is read, in any order. `skills`: big-endian records of 8 bytes, `skill id << 24 | local id << 10 | weight in
 * thousandths`. `places`: big-endian records of a local id (4 bytes), latitude and longitude (8 bytes each).
 */
export type PackedBlock = {
  readonly number: number;
  readonly skills: Uint8Array;
  readonly places: Uint8Array;
};

/**
 * What the volunteers of one block can do, both ways round: who has a skill, and which skills somebody has. In memory that threads
 * share.
 */
export type SkillBlock = {
  readonly number: number;
  /** Ascending; where a skill stands here is its position. */
  readonly skillIds: Float64Array;
  /** Of each position, where those who have the skill begin in `owners`, and where the last ones end. Local ids. */
  readonly ownerStarts: Uint32Array;
  readonly owners: Uint16Array;
  /** Of each position, where its words begin in `bitmaps`; -1 for a skill that few have. */
  readonly bitmapAt: Int32Array;
  readonly bitmaps: Uint32Array;
  /** Of each local id, where their skills begin in `skills`, and where the last ones end. */
  readonly skillStarts: Uint32Array;
  /** `position << 10 | weight in thousandths`. */
  readonly skills: Uint32Array;
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

/** Whose posting it is, or which skill: what stands above the weight. */
export const aboveWeight = (word: number): number => word >>> WEIGHT_BITS;
/** The weight, in thousandths. */
export const weightOf = (word: number): number => word & WEIGHT_MASK;

/** A skill that one in so many has is kept as a bitmap too, which is then at most four times as long as the list of who has it. */
const BITMAP_ONE_IN = 64;
const SKILL_BYTES = 8;
const PLACE_BYTES = 20;

const shared = (bytes: number) => new SharedArrayBuffer(bytes);

/** Makes the index of a block from what was read. */
export function buildBlock({ number, skills, places }: PackedBlock): SkillBlock {
  const bySkill = [...postingsOf(skills)].sort(([a], [b]) => a - b);
  const skillIds = new Float64Array(shared(bySkill.length * 8));
  skillIds.set(bySkill.map(([skillId]) => skillId));
  const postings = bySkill.map(([, list]) => Uint32Array.from(list).sort());
  const owned = ownersOf(postings);
  const had = skillsOf(postings);
  const placed = placesOf(places);
  const allPlaced = had.skillStarts
    .subarray(0, BLOCK_SIZE)
    .every(
      (start, local) =>
        start === had.skillStarts[local + 1] || !Number.isNaN(placed.latitudes[local] ?? Number.NaN),
    );
  return { number, skillIds, ...owned, ...had, ...placed, allPlaced };
}

/** By skill, `local id << 10 | weight` of everybody who has it. */
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
    draw(owners.subarray(at - list.length, at), bitmaps.subarray(kept, kept + BLOCK_WORDS));
    kept += BLOCK_WORDS;
  }
  ownerStarts[postings.length] = at;
  return { ownerStarts, owners, bitmapAt, bitmaps };
}

/** Sets the bit of each of `locals`. */
function draw(locals: Uint16Array, into: Bits): void {
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

/** How many skills somebody has. */
export const skillCountOf = ({ skillStarts }: SkillBlock, local: number): number =>
  (skillStarts[local + 1] as number) - (skillStarts[local] as number);

/** Who of the block has the skill at `position`. Drawn into `room`, as long as a bitmap, unless it is kept. */
export function bitmapOf(block: SkillBlock, position: number, room: Bits): Bits {
  const kept = block.bitmapAt[position] as number;
  if (kept >= 0) return block.bitmaps.subarray(kept, kept + BLOCK_WORDS);
  room.fill(0);
  draw(block.owners.subarray(block.ownerStarts[position], block.ownerStarts[position + 1]), room);
  return room;
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
