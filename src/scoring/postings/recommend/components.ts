import type { ScoreTerms } from "./score-posting.ts";

/**
 * The components of a score as they are stored, 24 bytes an entry, big-endian:
 *
 * - 0, 4, 8: keys of up to three matched skills, the rarest first; 0 for none
 * - 12, 14, 16, 18: skills, title, semantic, interest in ten-thousandths; semantic -1 without embeddings
 * - 20: number of matched skills, at most 255
 * - 21: flags: 1 remote, 2 seniority, 4 below the salary, 8 misses a skill of the title, 16 x freshness step
 * - 22: 16 x dismissals of the company + role words in dismissed titles
 * - 23: days on which it was seen
 *
 * The view job_recommendations reads the same layout.
 */
export const COMPONENT_BYTES = 24;

/** Skills that a reason names. */
export const REASON_SKILLS = 3;

export type Components = ScoreTerms & {
  /** Keys of skills, at most three. */
  readonly skillKeys: readonly number[];
  readonly matchedCount: number;
};

const SHARES = 10_000;
const share = (value: number): number => Math.round(value * SHARES);

/** Writes the terms of the score of the entry at position `index`, and the matched skills, rarest first. */
export function writeComponents(
  into: DataView,
  index: number,
  terms: ScoreTerms,
  { count, keys }: { readonly count: number; readonly keys: readonly number[] },
): void {
  const at = index * COMPONENT_BYTES;
  const semantic = terms.semantic === null ? -1 : share(terms.semantic);
  const flags =
    (terms.remote ? 1 : 0) +
    (terms.seniority ? 2 : 0) +
    (terms.belowSalary ? 4 : 0) +
    (terms.missesStack ? 8 : 0) +
    16 * terms.freshness;
  const dismissed = 16 * terms.dismissedCompany + terms.dismissedWords;
  // Two or four fields at a time.
  for (let n = 0; n < REASON_SKILLS; n++) into.setInt32(at + 4 * n, keys[n] ?? 0);
  into.setInt32(at + 12, (share(terms.skills) << 16) | share(terms.title));
  into.setInt32(at + 16, (semantic << 16) | share(terms.interest));
  into.setInt32(
    at + 20,
    (Math.min(255, count) << 24) | (flags << 16) | (dismissed << 8) | Math.min(255, terms.seenDays),
  );
}

/** Where the components of an entry are: at an index of stored ones. */
export type StoredComponents = { readonly components: Uint8Array; readonly index: number };

/** Copies the components of entries to consecutive positions, those that follow each other at once. */
export function copyComponents(into: Uint8Array, to: number, entries: readonly StoredComponents[]): void {
  for (let from = 0, next = 1; from < entries.length; from = next++) {
    const { components, index } = entries[from] as StoredComponents;
    while (
      next < entries.length &&
      follows(entries[next] as StoredComponents, components, index + next - from)
    )
      next += 1;
    const bytes = components.subarray(index * COMPONENT_BYTES, (index + next - from) * COMPONENT_BYTES);
    into.set(bytes, (to + from) * COMPONENT_BYTES);
  }
}

const follows = (entry: StoredComponents, components: Uint8Array, index: number): boolean =>
  entry.components === components && entry.index === index;

/** Whether two entries have the same components. */
export function areSameComponents(a: StoredComponents, b: StoredComponents): boolean {
  for (let n = 0; n < COMPONENT_BYTES; n++)
    if (a.components[a.index * COMPONENT_BYTES + n] !== b.components[b.index * COMPONENT_BYTES + n])
      return false;
  return true;
}

/** Reads the components of the entry at position `index`. */
export function readComponents(bytes: Uint8Array, index: number): Components {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = index * COMPONENT_BYTES;
  const flags = view.getUint8(at + 21);
  const semantic = view.getInt16(at + 16);
  const dismissed = view.getUint8(at + 22);
  return {
    skillKeys: [0, 4, 8].map((offset) => view.getInt32(at + offset)).filter((key) => key !== 0),
    skills: view.getInt16(at + 12) / SHARES,
    title: view.getInt16(at + 14) / SHARES,
    semantic: semantic < 0 ? null : semantic / SHARES,
    interest: view.getInt16(at + 18) / SHARES,
    matchedCount: view.getUint8(at + 20),
    remote: (flags & 1) !== 0,
    seniority: (flags & 2) !== 0,
    belowSalary: (flags & 4) !== 0,
    missesStack: (flags & 8) !== 0,
    freshness: (flags >> 4) as 0 | 1 | 2,
    dismissedCompany: dismissed >> 4,
    dismissedWords: dismissed & 15,
    seenDays: view.getUint8(at + 23),
  };
}

/** Title shares from here on are a reason. */
const TITLE_REASON = 0.5;

/**
 * Why a posting is recommended, at most five reasons: matched skills (the first three), title, remote,
 * seniority, fresh.
 *
 * @param nameOf the name of a skill by its key; undefined for one of another vocabulary.
 */
export function reasonsOf(components: Components, nameOf: (key: number) => string | undefined): string[] {
  const names = components.skillKeys.flatMap((key) => nameOf(key) ?? []);
  const reasons: string[] = [];
  if (names.length > 0) reasons.push(`Matches your skills: ${names.join(", ")}`);
  if (components.title >= TITLE_REASON) reasons.push("Fits the title you look for");
  if (components.remote) reasons.push("Remote");
  if (components.seniority) reasons.push("Fits your level");
  if (components.freshness === 0) reasons.push("Posted in the last 48 hours");
  return reasons;
}
