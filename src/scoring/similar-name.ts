import { editDistance } from "./edit-distance.ts";

const MAX_EDITS = 2;

/**
 * The name in a list that is most similar to a given one, if at most two letters were added, left out,
 * changed or swapped.
 */
export function similarName(name: string, names: readonly string[]): string | null {
  // A name from outside may be very long. A letter has at most two units.
  const nearest = names
    .filter((known) => Math.abs(known.length - name.length) <= 2 * MAX_EDITS)
    .map((known) => ({ known, edits: editDistance(name, known, MAX_EDITS) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return nearest !== undefined && nearest.edits <= MAX_EDITS && nearest.edits < name.length / 2
    ? nearest.known
    : null;
}
