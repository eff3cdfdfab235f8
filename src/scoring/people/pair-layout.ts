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

/** In a column of location texts and in the parameter: equal to none. */
export const NO_TEXT = -2;
export const NO_OWN_TEXT = -1;
/** x of people without a location, and minus x of viewers without one. */
export const NOWHERE = 1e6;
/** The static term of those who are on no list. */
export const NEVER = -1_000;

export const KEPT_BYTES = 64;
export const HIT_CAPACITY = 8_192;
export const HISTOGRAM_BYTES = 2 * 2_048 * 4;
export const CURSOR_WORDS = 3;
/** Eight numbers in f32. */
const QUIZ_BYTES = 32;
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
  chunks: 8,
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
  ownChunk: 20,
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
  squares: 56,
} as const;
export const PARAM_BYTES = 256;

/** What a thread writes while it scans: byte offsets within its slot. */
export type SlotLayout = {
  readonly excluded: number;
  readonly genders: number;
  readonly counters: number;
  readonly kept: number;
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

/** The columns: byte offsets in the memory. */
export type ColumnLayout = {
  readonly locks: number;
  readonly records: number;
  readonly near: number;
  readonly rows: number;
  readonly extraMasks: number;
  readonly signs: number;
  readonly quizzes: number;
  readonly meta: number;
  readonly blocks: number;
  readonly postings: number;
  readonly postingStarts: number;
  /** In f64, for `openPeople`, as the columns below. */
  readonly people: number;
  /** Ids by index. */
  readonly traitIds: number;
  readonly interestIds: number;
  /** Bit of each popular interest in the records, by index; -1 for the others. */
  readonly popularBits: number;
  /** Location texts by index: the numbers that the caller gave them, in f64. */
  readonly texts: number;
  readonly traitStarts: number;
  readonly traitIndexes: number;
  readonly strengths: number;
  readonly interestStarts: number;
  readonly interestIndexes: number;
  readonly genderStarts: number;
  readonly preferredGenders: number;
  readonly slots: number;
  readonly bytes: number;
};

/** Numbers of what is packed. */
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

/** The f64 columns of a person. */
export const PERSON_WORDS = 32;

/** Hands out offsets that are multiples of 16, the size of a vector. */
function openOffsets() {
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

/** More than any person has postings. Somebody who is not packed may have none of the popular interests. */
export const maxCursors = ({ maxRareInterests }: PackedSizes): number => maxRareInterests + POPULAR_INTERESTS;

export function layOutSlot(sizes: PackedSizes): SlotLayout {
  const { take, end } = openOffsets();
  take(PARAM_BYTES);
  const slot = {
    genders: take(NO_GENDER + 1),
    counters: take(CHUNK * 2),
    kept: take((CHUNK / GROUP) * KEPT_BYTES),
    hits: take(HIT_CAPACITY * 8),
    histograms: take(HISTOGRAM_BYTES),
    cursors: take(maxCursors(sizes) * CURSOR_WORDS * 4),
    masks: take(MAX_TRAIT_WORDS * 4),
    row: take(sizes.traitWords * TRAITS_PER_WORD * 4),
    rowMask: take(sizes.traitWords * TRAITS_PER_WORD * 4),
    quiz: take(QUIZ_BYTES),
    ownSigns: take(MAX_TRAIT_WORDS * 4),
    squares: take(sizes.traitWords * SQUARES_BYTES),
    excluded: take(sizes.chunks * CHUNK),
  };
  return { ...slot, bytes: end() };
}

export function layOutColumns(sizes: PackedSizes): ColumnLayout {
  const { take, end } = openOffsets();
  const places = sizes.chunks * CHUNK;
  const groups = places / GROUP;
  const columns = {
    locks: take(sizes.slots * 4),
    records: take(groups * RECORD_WORDS * 4),
    near: take(groups * NEAR_WORDS * 4),
    rows: take(places * sizes.traitWords * TRAITS_PER_WORD * 4),
    extraMasks: take(groups * (sizes.traitWords - 1) * 16),
    signs: take(places * sizes.traitWords * 4),
    quizzes: take(places * QUIZ_BYTES),
    meta: take(places * 4),
    blocks: take((places / BLOCK) * SPHERE_WORDS * 4),
    postings: take(sizes.interestEntries * 4),
    postingStarts: take((sizes.interests + 1) * 4),
    people: take(sizes.people * PERSON_WORDS * 8),
    traitIds: take(sizes.traits * 8),
    interestIds: take(sizes.interests * 8),
    popularBits: take(sizes.interests * 4),
    texts: take(sizes.texts * 8),
    traitStarts: take((sizes.people + 1) * 4),
    traitIndexes: take(sizes.traitEntries * 4),
    strengths: take(sizes.traitEntries * 8),
    interestStarts: take((sizes.people + 1) * 4),
    interestIndexes: take(sizes.interestEntries * 4),
    genderStarts: take((sizes.people + 1) * 4),
    preferredGenders: take(sizes.genderEntries * 8),
  };
  return { ...columns, slots: end(), bytes: end() + sizes.slots * layOutSlot(sizes).bytes };
}
