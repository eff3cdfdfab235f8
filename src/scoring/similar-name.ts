import { editDistance } from "./edit-distance.ts";

const MAX_EDITS = 2;

/**
 * The name in a list that is most similar to a given one, if at most two letters were added, left out,
 * changed or swapped.
 */
export function similarName(name: string, names: readonly string[]): string | null {
  const nearest = names
    .map((known) => ({ known, edits: editDistance(name, known, MAX_EDITS) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return nearest !== undefined && nearest.edits <= MAX_EDITS && nearest.edits < name.length / 2
    ? nearest.known
    : null;
}
