// The filter of pair scores in AssemblyScript, compiled by `npm run kernel:build` into
// pair-filter.generated.ts. It scores candidates for one viewer in f32, a chunk at a time, and keeps the pairs
// whose score may be among the best in f64 (decision 0161). Layouts: pair-layout.ts, with the same numbers.
// Four candidates form a group, 64 a block, 1,024 a chunk.

// Parameters of a viewer: byte offsets.
const RECORDS: usize = 0;
const NEAR: usize = 4;
const ROWS: usize = 8;
const EXTRA_MASKS: usize = 12;
const TRAIT_WORDS: usize = 16;
const QUIZZES: usize = 20;
const META: usize = 24;
const BLOCKS: usize = 28;
const EXCLUDED: usize = 36;
const GENDERS: usize = 40;
const COUNTERS: usize = 44;
const KEPT: usize = 48;
const HITS: usize = 52;
const HIT_CAPACITY: usize = 56;
const HISTOGRAMS: usize = 60;
const LIST_LENGTH: usize = 64;
const POSTINGS: usize = 68;
const CURSORS: usize = 72;
const CURSOR_COUNT: usize = 76;
/** The chunk that the cursors have reached. */
const NEXT_CHUNK: usize = 80;
const RATINGS: usize = 84;
const ROOT_TRAITS: usize = 96;
const FALLBACK: usize = 100;
const EMPTY_INTERESTS: usize = 104;
const INTEREST_COUNT: usize = 108;
const POPULAR: usize = 112;
const POINT: usize = 116;
const PROXIMITY_PER_RADIAN: usize = 128;
const CHORD: usize = 132;
const TEXT: usize = 136;
const AGE_MIN: usize = 140;
const AGE_MAX: usize = 144;
const LIMITS_DISTANCE: usize = 148;
const CHORD_MET: usize = 152;
const CHORD_UNMET: usize = 156;
const MARGIN: usize = 160;
const MASKS: usize = 164;
const ROW: usize = 168;
const ROW_MASK: usize = 172;
const QUIZ: usize = 176;
const HAS_QUIZ: usize = 180;
const SIGNS: usize = 184;
const OWN_SIGNS: usize = 188;
const TIERS: usize = 192;
const SQUARES: usize = 224;
const HIT_COUNT: usize = 228;
const WANTED: usize = 232;
const ANY_GENDER: usize = 236;
const SQUARE_MET: usize = 240;
const SQUARE_UNMET: usize = 244;
/** Pairs above a floor, at least: LIST_LENGTH, or fewer in a sample. */
const TARGET: usize = 248;
const BOUNDED: usize = 252;
// Constants, four lanes each: in memory, since in the code they are built again for every group.
const EVERY_SECOND_BIT: usize = 256;
const TWO_OF_FOUR_BITS: usize = 272;
const LOW_HALF_BYTES: usize = 288;
const BYTE_ONES: usize = 304;
const ONES: usize = 320;
const FIFTHS: usize = 336;

// A record of a group.
const RECORD_BYTES: usize = 144;
const R_STATIC: usize = 0;
const R_RATING_0: usize = 16;
const R_RATING_1: usize = 32;
const R_RATING_2: usize = 48;
const R_MASK: usize = 64;
const R_ROOT: usize = 80;
const R_FALLBACK: usize = 96;
const R_POPULAR: usize = 112;
const R_INTERESTS: usize = 128;

const NEAR_BYTES: usize = 64;
const KEPT_BYTES: usize = 80;
const BOUNDED_BYTES: usize = 32;
const GROUPS_PER_BLOCK: u32 = 16;
const BLOCKS_PER_CHUNK: u32 = 16;
const CHUNK: u32 = 1024;
const QUIZ_BYTES: usize = 32;
/** Four tables of 256 sums for each word of a mask. */
const SQUARES_BYTES: usize = 4096;

const TIER_A: u32 = 0;
const TIER_B: u32 = 1;
/** The distance is too close to the limit for f32: counted in neither tier, decided in f64. */
const TIER_UNSURE: u32 = 2;
const FLAG_NO_INTERESTS: u32 = 1 << 16;
const FLAG_QUIZ: u32 = 1 << 17;

/** Without a divisor in common with the blocks of a chunk, so that a sample has blocks from all parts of chunks. */
const SAMPLE_STEP: u32 = 7;
/** By so many standard deviations more pairs than expected may be in the sample before its floor is too high. */
const SAMPLE_DEVIATIONS: f32 = 5;

const BINS: i32 = 2048;
const BINS_PER_SCORE: f32 = 2000;
/** A bin's lower edge, computed in f32, may lie above a score in it by rounding. */
const EDGE: f32 = 1e-6;
/** Points of people without a location are farther than this from everybody's, squared. */
const NO_POINT: f32 = 1e6;
const TEXT_SCORE: f32 = 0.05;
const NO_INTERESTS_SCORE: f32 = 0.02;

// The viewer's parameters. An instance serves one thread.
let viewer: usize = 0;
let hitCount: u32 = 0;
// Of the pair that was seen last: its common traits, the squares of the viewer's strengths there, and of those
// that have the same sign.
let commonTraits: u32 = 0;
let commonSquares: f32 = 0;
let equalSquares: f32 = 0;

/** Begins a viewer. */
export function begin(params: usize): void {
  restart(params, load<u32>(params, LIST_LENGTH));
  v128.store(params, i32x4.splat(0x55555555), EVERY_SECOND_BIT);
  v128.store(params, i32x4.splat(0x33333333), TWO_OF_FOUR_BITS);
  v128.store(params, i32x4.splat(0x0f0f0f0f), LOW_HALF_BYTES);
  v128.store(params, i32x4.splat(0x01010101), BYTE_ONES);
  v128.store(params, i32x4.splat(1), ONES);
  v128.store(params, f32x4.splat(0.2), FIFTHS);
  for (let tier: u32 = 0; tier < 2; tier++) setTier(tier, 0);
}

/** Begins the sample of a viewer: a block of each chunk. Then comes `guess`. */
export function beginSample(params: usize): void {
  begin(params);
  const share = <f32>load<u32>(params, LIST_LENGTH) / <f32>BLOCKS_PER_CHUNK;
  store<u32>(params, <u32>ceil(share + SAMPLE_DEVIATIONS * sqrt<f32>(share)), TARGET);
}

/** Scores the block of a chunk that is in the sample. */
export function sample(params: usize, chunk: u32): void {
  const block = chunk * BLOCKS_PER_CHUNK + ((chunk * SAMPLE_STEP) % BLOCKS_PER_CHUNK);
  scanBlocks(params, chunk, block, block + 1);
}

/**
 * Begins the viewer again, with the floors that the sample suggests. `end` tells whether one was too high:
 * floors count as any others once LIST_LENGTH pairs score as much.
 */
export function guess(params: usize): void {
  viewer = params;
  const target = load<u32>(params, TARGET);
  restart(params, load<u32>(params, LIST_LENGTH));
  for (let tier: u32 = 0; tier < 2; tier++) {
    const state = params + (<usize>tier << 4);
    setTier(tier, load<u32>(state, TIERS + 4) >= target ? load<i32>(state, TIERS) : 0);
  }
}

/** Scores a chunk for a viewer. @returns 0 when more tie than the buffer holds. */
export function scan(params: usize, chunk: u32): u32 {
  const block = chunk * BLOCKS_PER_CHUNK;
  return scanBlocks(params, chunk, block, block + BLOCKS_PER_CHUNK) ? 1 : 0;
}

/** Ends a viewer. @returns the number of hits; -1 when a floor that was guessed is too high. */
export function end(params: usize): i32 {
  viewer = params;
  for (let tier: usize = 0; tier < 2; tier++) {
    const state = params + (tier << 4);
    if (load<i32>(state, TIERS) > 0 && load<u32>(state, TIERS + 4) < load<u32>(params, TARGET)) return -1;
  }
  hitCount = load<u32>(params, HIT_COUNT);
  dropHits();
  return hitCount;
}

function restart(params: usize, target: u32): void {
  viewer = params;
  store<u32>(params, 0, HIT_COUNT);
  store<i32>(params, -1, NEXT_CHUNK);
  store<u32>(params, target, TARGET);
  clear(load<u32>(params, HISTOGRAMS), 2 * BINS * 4);
}

function scanBlocks(params: usize, chunk: u32, from: u32, to: u32): bool {
  viewer = params;
  hitCount = load<u32>(params, HIT_COUNT);
  if (load<u32>(params, NEXT_CHUNK) != chunk) seekCursors(chunk * CHUNK);
  countInterests(chunk);
  store<u32>(params, chunk + 1, NEXT_CHUNK);
  const fits = scoreBounded(boundTraits(filterBlocks(chunk, from, to)), chunk);
  store<u32>(params, hitCount, HIT_COUNT);
  return fits;
}

// Floors: at least TARGET pairs of the tier score as much. A tier is { bin, pairs from that bin on, floor }.

/** Writes zeros: memory.fill takes many times as long in shared memory. @param bytes a multiple of 64. */
@inline
function clear(from: usize, bytes: usize): void {
  const zero = i32x4.splat(0);
  const end = from + bytes;
  for (let at = from; at < end; at += 64) {
    v128.store(at, zero);
    v128.store(at, zero, 16);
    v128.store(at, zero, 32);
    v128.store(at, zero, 48);
  }
}

/** Sets the floor of a tier to the lower edge of a bin, from which on nothing is counted yet. 0: no floor. */
function setTier(tier: u32, bin: i32): void {
  const state = viewer + (<usize>tier << 4);
  store<i32>(state, bin, TIERS);
  store<u32>(state, 0, TIERS + 4);
  store<f32>(state, bin == 0 ? <f32>-1 : lowerEdge(bin), TIERS + 8);
}

@inline
function lowerEdge(bin: i32): f32 {
  return <f32>bin / BINS_PER_SCORE - EDGE;
}

@inline
function floorOf(tier: u32): f32 {
  return load<f32>(viewer + (<usize>tier << 4), TIERS + 8);
}

@inline
function lowerFloor(): f32 {
  return min(floorOf(TIER_A), floorOf(TIER_B));
}

function countScore(tier: u32, score: f32): void {
  const state = viewer + (<usize>tier << 4);
  const histogram = <usize>load<u32>(viewer, HISTOGRAMS) + <usize>tier * BINS * 4;
  let at = load<i32>(state, TIERS);
  const bin = min(max(<i32>(score * BINS_PER_SCORE), 0), BINS - 1);
  if (bin < at) return;
  const place = histogram + (<usize>bin << 2);
  store<u32>(place, load<u32>(place) + 1);
  let above = load<u32>(state, TIERS + 4) + 1;
  const target = load<u32>(viewer, TARGET);
  while (above - load<u32>(histogram + (<usize>at << 2)) >= target) {
    above -= load<u32>(histogram + (<usize>at << 2));
    at++;
  }
  store<i32>(state, at, TIERS);
  store<u32>(state, above, TIERS + 4);
  if (above >= target) store<f32>(state, lowerEdge(at), TIERS + 8);
}

// Interests that are not among the 32 commonest: { next, first, end } of the postings of each.

function seekCursors(from: u32): void {
  const postings = <usize>load<u32>(viewer, POSTINGS);
  let cursor = <usize>load<u32>(viewer, CURSORS);
  const end = cursor + <usize>load<u32>(viewer, CURSOR_COUNT) * 12;
  for (; cursor < end; cursor += 12) {
    let low = load<u32>(cursor, 4);
    let high = load<u32>(cursor, 8);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (load<u32>(postings + (<usize>middle << 2)) < from) low = middle + 1;
      else high = middle;
    }
    store<u32>(cursor, low);
  }
}

/** Counts the viewer's interests in the candidates of a chunk, up to which all cursors have advanced. */
function countInterests(chunk: u32): void {
  const counters = <usize>load<u32>(viewer, COUNTERS);
  const postings = <usize>load<u32>(viewer, POSTINGS);
  clear(counters, CHUNK * 2);
  const first = chunk * CHUNK;
  let cursor = <usize>load<u32>(viewer, CURSORS);
  const end = cursor + <usize>load<u32>(viewer, CURSOR_COUNT) * 12;
  for (; cursor < end; cursor += 12) {
    let next = load<u32>(cursor);
    const last = load<u32>(cursor, 8);
    while (next < last) {
      const place = load<u32>(postings + (<usize>next << 2)) - first;
      if (place >= CHUNK) break;
      const counter = counters + (<usize>place << 1);
      store<u16>(counter, load<u16>(counter) + 1);
      next++;
    }
    store<u32>(cursor, next);
  }
}

@inline
function countBits(bits: v128, params: usize): v128 {
  const pairs = i32x4.sub(bits, v128.and(i32x4.shr_u(bits, 1), v128.load(params, EVERY_SECOND_BIT)));
  const low = v128.load(params, TWO_OF_FOUR_BITS);
  const fours = i32x4.add(v128.and(pairs, low), v128.and(i32x4.shr_u(pairs, 2), low));
  const bytes = v128.and(i32x4.add(fours, i32x4.shr_u(fours, 4)), v128.load(params, LOW_HALF_BYTES));
  return i32x4.shr_u(i32x4.mul(bytes, v128.load(params, BYTE_ONES)), 24);
}

/** Bits in common of the trait masks after the first. */
function countExtraTraits(group: usize, words: u32): v128 {
  const others = words - 1;
  let mask = <usize>load<u32>(viewer, EXTRA_MASKS) + group * others * 16;
  const own = <usize>load<u32>(viewer, MASKS) + 4;
  let count = i32x4.splat(0);
  for (let word: u32 = 0; word < others; word++) {
    const ownWord = i32x4.splat(load<u32>(own + (<usize>word << 2)));
    count = i32x4.add(count, countBits(v128.and(v128.load(mask), ownWord), viewer));
    mask += 16;
  }
  return count;
}

/** The squared chords to four candidates. */
@inline
function squaredChords(near: usize, params: usize): v128 {
  const dx = f32x4.sub(v128.load(near), f32x4.splat(load<f32>(params, POINT)));
  const dy = f32x4.sub(v128.load(near, 16), f32x4.splat(load<f32>(params, POINT + 4)));
  const dz = f32x4.sub(v128.load(near, 32), f32x4.splat(load<f32>(params, POINT + 8)));
  return f32x4.add(f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)), f32x4.mul(dz, dz));
}

/** 0.2 x proximity of four candidates, at least what it is in f64 but for rounding. */
@inline
function proximity(near: usize, squared: v128, params: usize): v128 {
  let series = f32x4.add(f32x4.splat(3.0 / 640.0), f32x4.mul(squared, f32x4.splat(5.0 / 7168.0)));
  series = f32x4.add(f32x4.splat(1.0 / 24.0), f32x4.mul(squared, series));
  series = f32x4.add(f32x4.splat(1), f32x4.mul(squared, series));
  const arc = f32x4.mul(f32x4.sqrt(squared), series);
  const perRadian = f32x4.splat(load<f32>(params, PROXIMITY_PER_RADIAN));
  const by = f32x4.pmax(f32x4.splat(0), f32x4.sub(f32x4.splat(0.2), f32x4.mul(arc, perRadian)));
  const sameText = v128.and(
    i32x4.eq(v128.load(near, 48), i32x4.splat(load<i32>(params, TEXT))),
    f32x4.gt(squared, f32x4.splat(NO_POINT)),
  );
  return f32x4.add(by, v128.and(sameText, f32x4.splat(TEXT_SCORE)));
}

/** Which of four candidates are of a wanted age and gender; of genders beyond the first ones all or none. */
@inline
function mayMeet(meta: v128, params: usize): v128 {
  const ages = v128.and(meta, i32x4.splat(0xff));
  const isOfAge = v128.and(
    i32x4.ge_s(ages, i32x4.splat(load<i32>(params, AGE_MIN))),
    i32x4.le_s(ages, i32x4.splat(load<i32>(params, AGE_MAX))),
  );
  const isWanted = i32x4.ne(v128.and(meta, i32x4.splat(load<u32>(params, WANTED))), i32x4.splat(0));
  return v128.and(isOfAge, v128.or(i32x4.splat(load<u32>(params, ANY_GENDER)), isWanted));
}

/** The floors of four candidates, less the margin: the lower one where f32 cannot tell the tier. */
@inline
function nearLimits(meta: v128, squared: v128, params: usize, a: v128, b: v128, limitsDistance: bool): v128 {
  const met = mayMeet(meta, params);
  if (!limitsDistance) return v128.bitselect(a, b, met);
  const isClose = f32x4.le(squared, f32x4.splat(load<f32>(params, SQUARE_UNMET)));
  const isUnsure = f32x4.ge(squared, f32x4.splat(load<f32>(params, SQUARE_MET)));
  const inA = v128.bitselect(f32x4.pmin(a, b), a, isUnsure);
  return v128.bitselect(inA, b, v128.and(met, isClose));
}

/**
 * Writes the groups of some blocks of a chunk in which a candidate may reach a floor, each as five vectors: { group, lanes,
 * near }, the sum without traits, the bound of traits, the limit, the common traits of the first mask. @returns
 * the end.
 */
function filterBlocks(chunk: u32, from: u32, to: u32): usize {
  const limitsDistance = load<u32>(viewer, LIMITS_DISTANCE) != 0;
  let kept = <usize>load<u32>(viewer, KEPT);
  let counter = <usize>load<u32>(viewer, COUNTERS) + <usize>(from - chunk * BLOCKS_PER_CHUNK) * 64 * 2;
  for (let block = from; block < to; block++) {
    if (isNear(block)) kept = filterBlock(block, counter, kept, true, limitsDistance);
    else if (limitsDistance) kept = filterBlock(block, counter, kept, false, true);
    else kept = filterBlock(block, counter, kept, false, false);
    counter += 64 * 2;
  }
  return kept;
}

/** The same of a block. Inlined for each kind of block: those that are far away are the most, and all in tier B. */
@inline
function filterBlock(block: u32, counters: usize, to: usize, near: bool, limitsDistance: bool): usize {
  const params = viewer;
  const r0 = f32x4.splat(load<f32>(params, RATINGS));
  const r1 = f32x4.splat(load<f32>(params, RATINGS + 4));
  const r2 = f32x4.splat(load<f32>(params, RATINGS + 8));
  const ownMask = i32x4.splat(load<u32>(load<u32>(params, MASKS)));
  const root = f32x4.splat(load<f32>(params, ROOT_TRAITS));
  const fallback = f32x4.splat(load<f32>(params, FALLBACK));
  const popular = i32x4.splat(load<u32>(params, POPULAR));
  const interests = f32x4.splat(load<f32>(params, INTEREST_COUNT));
  const own = f32x4.splat(load<f32>(params, EMPTY_INTERESTS));
  const words = load<u32>(params, TRAIT_WORDS);
  const margin = load<f32>(params, MARGIN);
  const limitA = f32x4.splat(floorOf(TIER_A) - margin);
  const limitB = f32x4.splat(floorOf(TIER_B) - margin);
  let kept = to;
  let counter = counters;
  let group = block * GROUPS_PER_BLOCK;
  const end = group + GROUPS_PER_BLOCK;
  let record = <usize>load<u32>(params, RECORDS) + <usize>group * RECORD_BYTES;
  let meta = <usize>load<u32>(params, META) + (<usize>group << 4);
  let place = <usize>load<u32>(params, NEAR) + <usize>group * NEAR_BYTES;
  for (; group < end; group++) {
    let sum = f32x4.add(v128.load(record, R_STATIC), own);
    sum = f32x4.add(sum, f32x4.mul(v128.load(record, R_RATING_0), r0));
    sum = f32x4.add(sum, f32x4.mul(v128.load(record, R_RATING_1), r1));
    sum = f32x4.add(sum, f32x4.mul(v128.load(record, R_RATING_2), r2));
    const mask = v128.and(v128.load(record, R_MASK), ownMask);
    let common = countBits(mask, params);
    if (words > 1) common = i32x4.add(common, countExtraTraits(group, words));
    const roots = f32x4.pmax(root, v128.load(record, R_ROOT));
    const traits = v128.bitselect(
      f32x4.mul(f32x4.sqrt(f32x4.convert_i32x4_s(common)), roots),
      f32x4.pmin(fallback, v128.load(record, R_FALLBACK)),
      i32x4.gt_s(common, v128.load(params, ONES)),
    );
    const bits = countBits(v128.and(v128.load(record, R_POPULAR), popular), params);
    const shared = f32x4.convert_i32x4_s(i32x4.add(bits, v128.load_ext<u16>(counter)));
    const either = f32x4.sub(f32x4.add(interests, v128.load(record, R_INTERESTS)), shared);
    sum = f32x4.add(sum, f32x4.div(f32x4.mul(v128.load(params, FIFTHS), shared), either));
    let limit = limitB;
    if (near) {
      const squared = squaredChords(place, params);
      sum = f32x4.add(sum, proximity(place, squared, params));
      limit = nearLimits(v128.load(meta), squared, params, limitA, limitB, limitsDistance);
    } else if (!limitsDistance) limit = v128.bitselect(limitA, limitB, mayMeet(v128.load(meta), params));
    const lanes = i32x4.bitmask(f32x4.ge(f32x4.add(sum, traits), limit));
    if (lanes != 0) {
      store<u32>(kept, group);
      store<u32>(kept, lanes, 4);
      store<u32>(kept, near ? 1 : 0, 8);
      v128.store(kept, sum, 16);
      v128.store(kept, traits, 32);
      v128.store(kept, limit, 48);
      v128.store(kept, mask, 64);
      kept += KEPT_BYTES;
    }
    counter += 8;
    record += RECORD_BYTES;
    meta += 16;
    place += NEAR_BYTES;
  }
  return kept;
}

/** Whether a block may contain somebody within the viewer's radius, or without a location. */
@inline
function isNear(block: u32): bool {
  const sphere = <usize>load<u32>(viewer, BLOCKS) + (<usize>block << 4);
  const dx = load<f32>(sphere) - load<f32>(viewer, POINT);
  const dy = load<f32>(sphere, 4) - load<f32>(viewer, POINT + 4);
  const dz = load<f32>(sphere, 8) - load<f32>(viewer, POINT + 8);
  return sqrt<f32>(dx * dx + dy * dy + dz * dz) - load<f32>(sphere, 12) <= load<f32>(viewer, CHORD);
}

// Candidates that leave the filter.

/**
 * Writes the lanes that may reach their limit by the signs of the traits, each as { candidate, near, sum, the
 * term of traits with a cosine of 1, bound, common traits, squares of the viewer's strengths there }: without
 * a branch, since about every second one does. @returns the end.
 */
function boundTraits(end: usize): usize {
  const words = load<u32>(viewer, TRAIT_WORDS);
  const signs = <usize>load<u32>(viewer, SIGNS);
  const ownSigns = load<u32>(load<u32>(viewer, OWN_SIGNS));
  const tables = <usize>load<u32>(viewer, SQUARES);
  let to = <usize>load<u32>(viewer, BOUNDED);
  for (let kept = <usize>load<u32>(viewer, KEPT); kept < end; kept += KEPT_BYTES) {
    const group = load<u32>(kept);
    for (let lanes = load<u32>(kept, 4); lanes != 0; lanes &= lanes - 1) {
      const lane = ctz<u32>(lanes);
      const candidate = (group << 2) + lane;
      const place = kept + (<usize>lane << 2);
      if (words == 1) {
        const common = load<u32>(place, 64);
        const theirs = load<u32>(signs + (<usize>candidate << 2));
        commonTraits = popcnt<u32>(common);
        commonSquares = squaresAt(tables, common);
        equalSquares = squaresAt(tables, common & ~(theirs ^ ownSigns));
      } else addUpTraits(group, lane, words);
      const sum = load<f32>(place, 16);
      const traits = load<f32>(place, 32);
      const cosine = select<f32>(sqrt<f32>(equalSquares / commonSquares), 0, commonSquares > 0);
      const bound = sum + select<f32>(traits, 0.5 * (1 + cosine) * traits, commonTraits < 2);
      store<u32>(to, candidate);
      store<u32>(to, load<u32>(kept, 8), 4);
      store<f32>(to, sum, 8);
      store<f32>(to, traits, 12);
      store<f32>(to, bound, 16);
      store<u32>(to, commonTraits, 20);
      store<f32>(to, commonSquares, 24);
      to += select<usize>(BOUNDED_BYTES, 0, bound >= load<f32>(place, 48));
    }
  }
  return to;
}

/** @returns false when the hits do not fit. */
function scoreBounded(end: usize, chunk: u32): bool {
  const ownEmpty = load<f32>(viewer, EMPTY_INTERESTS) > 0;
  const margin = load<f32>(viewer, MARGIN);
  const excluded = <usize>load<u32>(viewer, EXCLUDED);
  const metas = <usize>load<u32>(viewer, META);
  const first = chunk * CHUNK;
  for (let at = <usize>load<u32>(viewer, BOUNDED); at < end; at += BOUNDED_BYTES) {
    const candidate = load<u32>(at);
    if (load<u8>(excluded + (candidate - first))) continue;
    const meta = load<u32>(metas + (<usize>candidate << 2));
    const tier = tierOf(candidate, meta, load<u32>(at, 4) != 0);
    const floor = tier == TIER_UNSURE ? lowerFloor() : floorOf(tier);
    if (load<f32>(at, 16) < floor - margin) continue;
    const sum = load<f32>(at, 8) - select<f32>(NO_INTERESTS_SCORE, 0, ownEmpty && (meta & FLAG_NO_INTERESTS) != 0);
    const traits =
      load<u32>(at, 20) < 2
        ? quizScore(candidate, meta)
        : 0.5 * (1 + cosineOf(candidate, load<f32>(at, 24))) * load<f32>(at, 12);
    const score = sum + traits;
    if (score < floor - margin) continue;
    if (!addHit(candidate | (tier << 30), score)) return false;
    if (tier != TIER_UNSURE) countScore(tier, score);
  }
  return true;
}

function tierOf(candidate: u32, meta: u32, near: bool): u32 {
  const age = <i32>(meta & 0xff);
  if (age < load<i32>(viewer, AGE_MIN) || age > load<i32>(viewer, AGE_MAX)) return TIER_B;
  if (!load<u8>(<usize>load<u32>(viewer, GENDERS) + ((meta >>> 8) & 0xff))) return TIER_B;
  if (load<u32>(viewer, LIMITS_DISTANCE) == 0) return TIER_A;
  if (!near) return TIER_B;
  const place = <usize>load<u32>(viewer, NEAR) + <usize>(candidate >>> 2) * NEAR_BYTES + (<usize>(candidate & 3) << 2);
  const dx = load<f32>(place) - load<f32>(viewer, POINT);
  const dy = load<f32>(place, 16) - load<f32>(viewer, POINT + 4);
  const dz = load<f32>(place, 32) - load<f32>(viewer, POINT + 8);
  const chord = sqrt<f32>(dx * dx + dy * dy + dz * dz);
  if (chord <= load<f32>(viewer, CHORD_MET)) return TIER_A;
  return chord < load<f32>(viewer, CHORD_UNMET) ? TIER_UNSURE : TIER_B;
}

/**
 * Adds up the squares of the viewer's strengths where both have traits. Products of strengths of opposite sign
 * only lower the cosine, so by Cauchy-Schwarz it is at most |a| / |c|, where a are the viewer's common strengths
 * of equal sign, and c all common ones: known without reading the row.
 */
function addUpTraits(group: u32, lane: u32, words: u32): void {
  const record = <usize>load<u32>(viewer, RECORDS) + <usize>group * RECORD_BYTES + (<usize>lane << 2);
  const masks = <usize>load<u32>(viewer, MASKS);
  const ownSigns = <usize>load<u32>(viewer, OWN_SIGNS);
  const signs = <usize>load<u32>(viewer, SIGNS) + (<usize>((group << 2) + lane) * words << 2);
  let tables = <usize>load<u32>(viewer, SQUARES);
  commonTraits = 0;
  commonSquares = 0;
  equalSquares = 0;
  for (let word: u32 = 0; word < words; word++) {
    const at = <usize>word << 2;
    const common = maskOf(record, group, lane, word, words) & load<u32>(masks + at);
    commonTraits += popcnt<u32>(common);
    commonSquares += squaresAt(tables, common);
    equalSquares += squaresAt(tables, common & ~(load<u32>(signs + at) ^ load<u32>(ownSigns + at)));
    tables += SQUARES_BYTES;
  }
}

/** Sum of the squares of the viewer's strengths at the bits of a mask, from a table for each of its bytes. */
@inline
function squaresAt(tables: usize, mask: u32): f32 {
  const low = load<f32>(tables + ((mask & 255) << 2)) + load<f32>(tables + (((mask >>> 8) & 255) << 2), 1024);
  const high =
    load<f32>(tables + (((mask >>> 16) & 255) << 2), 2048) + load<f32>(tables + ((mask >>> 24) << 2), 3072);
  return low + high;
}

/** The cosine of the strengths of the common traits. @param squares of the viewer's ones. */
function cosineOf(candidate: u32, ownSquares: f32): f32 {
  const words = load<u32>(viewer, TRAIT_WORDS);
  let row = <usize>load<u32>(viewer, ROWS) + <usize>candidate * words * 128;
  let own = <usize>load<u32>(viewer, ROW);
  let ownMask = <usize>load<u32>(viewer, ROW_MASK);
  let product = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let four: u32 = 0; four < words * 8; four++) {
    const theirs = v128.load(row);
    product = f32x4.add(product, f32x4.mul(v128.load(own), theirs));
    squares = f32x4.add(squares, v128.and(f32x4.mul(theirs, theirs), v128.load(ownMask)));
    row += 16;
    own += 16;
    ownMask += 16;
  }
  const lengths = sumLanes(squares) * ownSquares;
  return lengths > 0 ? sumLanes(product) / sqrt<f32>(lengths) : <f32>0;
}

@inline
function maskOf(record: usize, group: u32, lane: u32, word: u32, words: u32): u32 {
  if (word == 0) return load<u32>(record, R_MASK);
  const extra = (<usize>group * (words - 1) + word - 1) * 16 + (<usize>lane << 2);
  return load<u32>(<usize>load<u32>(viewer, EXTRA_MASKS) + extra);
}

@inline
function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

function quizScore(candidate: u32, meta: u32): f32 {
  if (load<u32>(viewer, HAS_QUIZ) == 0 || (meta & FLAG_QUIZ) == 0) return 0.125;
  const theirs = <usize>load<u32>(viewer, QUIZZES) + <usize>candidate * QUIZ_BYTES;
  const ours = <usize>load<u32>(viewer, QUIZ);
  const low = f32x4.mul(v128.load(theirs), v128.load(ours));
  const high = f32x4.mul(v128.load(theirs, 16), v128.load(ours, 16));
  return 0.125 * (1 + sumLanes(f32x4.add(low, high)));
}

function addHit(candidate: u32, score: f32): bool {
  const capacity = load<u32>(viewer, HIT_CAPACITY);
  if (hitCount == capacity) {
    dropHits();
    // Dropping few again and again would take longer than scoring everybody.
    if (hitCount > capacity - (capacity >>> 2)) return false;
  }
  const place = <usize>load<u32>(viewer, HITS) + (<usize>hitCount << 3);
  store<u32>(place, candidate);
  store<f32>(place, score, 4);
  hitCount++;
  return true;
}

/** Drops the hits that later ones have pushed below the floor. */
function dropHits(): void {
  const hits = <usize>load<u32>(viewer, HITS);
  const margin = load<f32>(viewer, MARGIN);
  let left: u32 = 0;
  for (let hit: u32 = 0; hit < hitCount; hit++) {
    const place = hits + (<usize>hit << 3);
    const tier = load<u32>(place) >>> 30;
    const floor = tier == TIER_UNSURE ? lowerFloor() : floorOf(tier);
    if (load<f32>(place, 4) < floor - margin) continue;
    store<u64>(hits + (<usize>left << 3), load<u64>(place));
    left++;
  }
  hitCount = left;
}
