import {
  BLOCK,
  CHUNK,
  GROUP,
  layOutSlot,
  NEAR_WORDS,
  openOffsets,
  type PackedSizes,
  PERSON_WORDS,
  QUIZ_BYTES,
  RECORD_WORDS,
  SPHERE_WORDS,
  TRAITS_PER_WORD,
} from "./pair-layout.ts";

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

export function layOutColumns(sizes: PackedSizes): ColumnLayout {
  const { take, end } = openOffsets();
  const slots = sizes.chunks * CHUNK;
  const groups = slots / GROUP;
  const columns = {
    locks: take(sizes.slots * 4),
    records: take(groups * RECORD_WORDS * 4),
    near: take(groups * NEAR_WORDS * 4),
    rows: take(slots * sizes.traitWords * TRAITS_PER_WORD * 4),
    extraMasks: take(groups * (sizes.traitWords - 1) * 16),
    signs: take(slots * sizes.traitWords * 4),
    quizzes: take(slots * QUIZ_BYTES),
    meta: take(slots * 4),
    blocks: take((slots / BLOCK) * SPHERE_WORDS * 4),
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
