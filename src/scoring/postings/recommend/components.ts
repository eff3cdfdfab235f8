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

/** Writes the components of one entry at `at`. */
export function writeComponents(into: DataView, at: number, components: Components): void {
  const { skillKeys, matchedCount, freshness, seenDays, dismissedCompany, dismissedWords } = components;
  for (let n = 0; n < REASON_SKILLS; n++) into.setInt32(at + 4 * n, skillKeys[n] ?? 0);
  into.setInt16(at + 12, share(components.skills));
  into.setInt16(at + 14, share(components.title));
  into.setInt16(at + 16, components.semantic === null ? -1 : share(components.semantic));
  into.setInt16(at + 18, share(components.interest));
  into.setUint8(at + 20, Math.min(255, matchedCount));
  const flags =
    (components.remote ? 1 : 0) +
    (components.seniority ? 2 : 0) +
    (components.belowSalary ? 4 : 0) +
    (components.missesStack ? 8 : 0);
  into.setUint8(at + 21, flags + 16 * freshness);
  into.setUint8(at + 22, 16 * dismissedCompany + dismissedWords);
  into.setUint8(at + 23, Math.min(255, seenDays));
}

/** Copies the components of an entry, from one position to another. */
export function copyComponents(into: Uint8Array, to: number, from: Uint8Array, at: number): void {
  for (let n = 0; n < COMPONENT_BYTES; n++)
    into[to * COMPONENT_BYTES + n] = from[at * COMPONENT_BYTES + n] as number;
}

const written = new Uint8Array(COMPONENT_BYTES);
const writtenView = new DataView(written.buffer);

/** Whether components are stored as those of the entry at position `index` are. */
export function areStoredAs(components: Components, bytes: Uint8Array, index: number): boolean {
  writeComponents(writtenView, 0, components);
  return written.every((byte, n) => byte === bytes[index * COMPONENT_BYTES + n]);
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
