/** The facts of a profile that completeness depends on. */
export type CompletenessFacts = {
  readonly hasPhoto: boolean;
  /** Length of the bio in characters, without surrounding white space. */
  readonly bioLength: number;
  readonly hasLocation: boolean;
  readonly interests: number;
  /** A plausible birth date: neither in the future nor more than 120 years ago. */
  readonly hasBirthDate: boolean;
};

/** Points of each part of a profile; their sum is 100. */
export const COMPLETENESS_POINTS = {
  photo: 30,
  bio: 25,
  location: 15,
  interests: 15,
  birthDate: 15,
} as const;

/** A bio of this many characters counts. */
export const BIO_LENGTH = 80;
/** This many interests count. */
export const ENOUGH_INTERESTS = 3;

/** Why a user is not found: their profile is closed, or these parts are missing. */
export const SEARCHABLE_REASONS = [
  "deleted",
  "banned",
  "hidden",
  "no photo",
  "short bio",
  "no location",
  "few interests",
  "no birth date",
] as const;

export type SearchableReason = (typeof SEARCHABLE_REASONS)[number];

export type SearchableFacts = CompletenessFacts & {
  readonly isDeleted: boolean;
  readonly isBanned: boolean;
  readonly isVisible: boolean;
};

export type Searchable = {
  readonly searchable: boolean;
  /** From 0 to 100. */
  readonly completeness: number;
  /** In the order of SEARCHABLE_REASONS; empty if the profile is searchable. */
  readonly reasons: readonly SearchableReason[];
};

/**
 * completeness = 30 photo + 25 bio of 80 characters + 15 location + 15 three interests + 15 birth date. A
 * profile is searchable if it is visible, neither deleted nor banned, and complete enough.
 *
 * @param threshold the least completeness.
 */
export function judgeSearchable(facts: SearchableFacts, threshold: number): Searchable {
  const points = COMPLETENESS_POINTS;
  const parts: readonly [boolean, number, SearchableReason][] = [
    [facts.hasPhoto, points.photo, "no photo"],
    [facts.bioLength >= BIO_LENGTH, points.bio, "short bio"],
    [facts.hasLocation, points.location, "no location"],
    [facts.interests >= ENOUGH_INTERESTS, points.interests, "few interests"],
    [facts.hasBirthDate, points.birthDate, "no birth date"],
  ];
  const completeness = parts.reduce((sum, [has, worth]) => sum + (has ? worth : 0), 0);
  const closed: readonly [boolean, SearchableReason][] = [
    [facts.isDeleted, "deleted"],
    [facts.isBanned, "banned"],
    [!facts.isVisible, "hidden"],
  ];
  const reasons = closed.flatMap(([applies, reason]) => (applies ? [reason] : []));
  if (completeness < threshold) reasons.push(...parts.flatMap(([has, , reason]) => (has ? [] : [reason])));
  return { searchable: reasons.length === 0, completeness, reasons };
}
