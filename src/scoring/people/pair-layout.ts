// The memory of the filter, with the same numbers as pair-filter.as. Candidates are ordered by position; four
// form a group, 64 a block, 1,024 a chunk.

export const GROUP = 4;
export const BLOCK = 64;
export const CHUNK = 1_024;

/** A group of pass 1: nine vectors of four lanes, in 32-bit words. */
export const RECORD_WORDS = 36;
export const RECORD = {
  static: 0,
  ratings: 4,
  mask: 16,
  root: 20,
  fallback: 24,
  popular: 28,
  interests: 32,
} as const;
/** x, y, z and location text of a group, in 32-bit words. */
export const NEAR_WORDS = 16;
/** Centre and radius of a block. */
export const SPHERE_WORDS = 4;

/** Traits in a mask word; a population has at most `MAX_TRAIT_WORDS` of them. */
export const TRAITS_PER_WORD = 32;
export const MAX_TRAIT_WORDS = 4;
/** The commonest interests are bits of the records, the others postings. */
export const POPULAR_INTERESTS = 32;
/** Counters of common interests have 16 bits. */
export const MAX_RARE_INTERESTS = 65_535;

export const NO_AGE = 255;
export const NO_GENDER = 255;
/** Known genders have the codes below. */
export const MAX_GENDERS = 255;
export const FLAG_NO_INTERESTS = 1 << 16;
export const FLAG_QUIZ = 1 << 17;
/** The first genders have a bit each in the column of ages and genders; all others share one bit. */
const GENDER_BITS = 13;
const FIRST_GENDER_BIT = 18;
export const genderBit = (code: number): number => 1 << (FIRST_GENDER_BIT + Math.min(code, GENDER_BITS));

/** Stands for no location text, in the column and in the parameter; equal to none. */
export const NO_TEXT = -2;
export const NO_OWN_TEXT = -1;
/** x of people without a location, and minus x of viewers without one. */
export const NOWHERE = 1e6;
/** The static term of those who are on no list. */
export const NEVER = -1_000;
/** The static term of viewers who have everybody on their lists. */
export const ALWAYS = 1_000;

export const KEPT_BYTES = 80;
export const BOUNDED_BYTES = 32;
export const HIT_CAPACITY = 8_192;
/** The other two bits of a hit are its tier according to the filter. */
export const POSITION_BITS = 0x3fff_ffff;
export const HISTOGRAM_BYTES = 2 * 2_048 * 4;
export const CURSOR_WORDS = 3;
/** Eight numbers in f32. */
export const QUIZ_BYTES = 32;
/** Sums of the squares of the viewer's strengths: four tables of 256 for each mask word. */
export const SQUARES_BYTES = 4 * 256 * 4;

/** The viewer's parameters, in 32-bit words. */
export const PARAM = {
  records: 0,
  near: 1,
  rows: 2,
  extraMasks: 3,
  traitWords: 4,
  quizzes: 5,
  meta: 6,
  blocks: 7,
  excluded: 9,
  genders: 10,
  counters: 11,
  kept: 12,
  hits: 13,
  hitCapacity: 14,
  histograms: 15,
  listLength: 16,
  postings: 17,
  cursors: 18,
  cursorCount: 19,
  // 20 is the chunk that the cursors have reached.
  ratings: 21,
  rootTraits: 24,
  fallback: 25,
  emptyInterests: 26,
  interestCount: 27,
  popular: 28,
  point: 29,
  proximityPerRadian: 32,
  chord: 33,
  text: 34,
  ageMin: 35,
  ageMax: 36,
  limitsDistance: 37,
  chordMet: 38,
  chordUnmet: 39,
  margin: 40,
  masks: 41,
  row: 42,
  rowMask: 43,
  quiz: 44,
  hasQuiz: 45,
  signs: 46,
  ownSigns: 47,
  // 48 to 55 are the tiers.
  floorA: 50,
  floorB: 54,
  squares: 56,
  hitCount: 57,
  wanted: 58,
  anyGender: 59,
  squareMet: 60,
  squareUnmet: 61,
  // 62 is the least number of pairs above a floor.
  bounded: 63,
} as const;
/** With the constants that follow the parameters. */
export const PARAM_BYTES = 352;

/** What a thread writes while it scans for one of its viewers: byte offsets from the viewer's parameters. */
export type SeatLayout = {
  readonly genders: number;
  readonly hits: number;
  readonly histograms: number;
  readonly cursors: number;
  readonly masks: number;
  readonly row: number;
  readonly rowMask: number;
  readonly quiz: number;
  readonly ownSigns: number;
  readonly squares: number;
  readonly bytes: number;
};

/** A thread's part of the memory: byte offsets within it. */
export type SlotLayout = {
  readonly counters: number;
  readonly kept: number;
  readonly bounded: number;
  /** A byte for each candidate of a chunk. */
  readonly excluded: number;
  /** Records of people as viewers, for `withViewers`, and whether they are there. */
  readonly viewers: number;
  readonly hasViewers: number;
  /** Of the first viewer; those of the others follow. */
  readonly seats: number;
  readonly seat: SeatLayout;
  readonly bytes: number;
};

/** Counts of the packed data. */
export type PackedSizes = {
  readonly people: number;
  readonly chunks: number;
  readonly traits: number;
  readonly traitWords: number;
  readonly interests: number;
  readonly texts: number;
  readonly slots: number;
  /** Of all people together. */
  readonly traitEntries: number;
  readonly interestEntries: number;
  readonly genderEntries: number;
  /** The most rare interests that one person has. */
  readonly maxRareInterests: number;
};

/** The f64 columns of a person, NaN for null. */
export const PERSON_WORDS = 32;
export const PERSON = {
  id: 0,
  isCandidate: 1,
  quality: 2,
  newness: 3,
  locationText: 4,
  gender: 5,
  age: 6,
  ageMin: 7,
  ageMax: 8,
  distanceKm: 9,
  point: 10,
  received: 13,
  given: 17,
  quiz: 21,
} as const;

/** Hands out offsets that are multiples of 16, the size of a vector. */
export function openOffsets() {
  let next = 0;
  return {
    take(bytes: number): number {
      const at = next;
      next += Math.ceil(bytes / 16) * 16;
      return at;
    },
    end: () => next,
  };
}

/** More postings than any person has. A person who is not packed may have none of the popular interests. */
export const maxCursors = ({ maxRareInterests }: PackedSizes): number => maxRareInterests + POPULAR_INTERESTS;

/** At most this many viewers are searched together, so that a chunk stays in the cache. */
export const SEATS = 16;

function layOutSeat(sizes: PackedSizes): SeatLayout {
  const { take, end } = openOffsets();
  take(PARAM_BYTES);
  const seat = {
    genders: take(NO_GENDER + 1),
    hits: take(HIT_CAPACITY * 8),
    histograms: take(HISTOGRAM_BYTES),
    cursors: take(maxCursors(sizes) * CURSOR_WORDS * 4),
    masks: take(MAX_TRAIT_WORDS * 4),
    row: take(sizes.traitWords * TRAITS_PER_WORD * 4),
    rowMask: take(sizes.traitWords * TRAITS_PER_WORD * 4),
    quiz: take(QUIZ_BYTES),
    ownSigns: take(MAX_TRAIT_WORDS * 4),
    squares: take(sizes.traitWords * SQUARES_BYTES),
  };
  return { ...seat, bytes: end() };
}

export function layOutSlot(sizes: PackedSizes): SlotLayout {
  const { take, end } = openOffsets();
  const seat = layOutSeat(sizes);
  const slot = {
    counters: take(CHUNK * 2),
    kept: take((CHUNK / GROUP) * KEPT_BYTES),
    bounded: take((CHUNK + 1) * BOUNDED_BYTES),
    excluded: take(CHUNK),
    viewers: take(((sizes.chunks * CHUNK) / GROUP) * RECORD_WORDS * 4),
    hasViewers: take(4),
    seats: take(SEATS * seat.bytes),
  };
  return { ...slot, seat, bytes: end() };
}
