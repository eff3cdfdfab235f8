import type { SkillNode } from "./skill-tree.ts";

/**
 * A tree of spellings in typed arrays. Its words are numbered, and so are its nodes: 0 is the root. The
 * characters of word n are `chars[charStarts[n] .. charStarts[n + 1])`, the children of node n are
 * `childStarts[n] .. childStarts[n + 1])` of the arrays of children.
 */
export type FlatTree = {
  /** A hash table of words with open addressing: numbers of words, -1 for a free slot. */
  readonly slots: Int32Array;
  /** Hash by word. */
  readonly hashes: Int32Array;
  readonly chars: Uint16Array;
  readonly charStarts: Int32Array;
  /** The child of the root by word; 0 for none. */
  readonly first: Int32Array;
  readonly childStarts: Int32Array;
  readonly childWords: Int32Array;
  readonly childNodes: Int32Array;
  /** The skill that ends at a node; -1 for none. */
  readonly skills: Int32Array;
  readonly isAmbiguous: Uint8Array;
};

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** The hash of a word with one more character. Source: FNV-1a, as in vocabulary.ts, over code units. */
export const hashChar = (hash: number, code: number): number => Math.imul(hash ^ code, FNV_PRIME);

/** The hash of a folded word. @param from the hash of what comes before it; default: nothing does. */
export function hashWord(folded: string, from = FNV_OFFSET): number {
  let hash = from;
  for (let n = 0; n < folded.length; n++) hash = hashChar(hash, folded.charCodeAt(n));
  return hash;
}

/** At most a quarter of the slots is taken, so that most searches end at the first. */
const SLOTS_PER_WORD = 4;

type FlatWords = Pick<FlatTree, "slots" | "hashes" | "chars" | "charStarts">;

function flattenWords(words: readonly string[]): FlatWords {
  const charStarts = new Int32Array(words.length + 1);
  for (const [n, { length }] of words.entries()) charStarts[n + 1] = (charStarts[n] as number) + length;
  const joined = words.join("");
  const chars = Uint16Array.from({ length: joined.length }, (_, n) => joined.charCodeAt(n));
  const hashes = Int32Array.from(words, (word) => hashWord(word));
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(SLOTS_PER_WORD * words.length))).fill(-1);
  for (const [n, hash] of hashes.entries()) {
    let slot = hash & (slots.length - 1);
    while ((slots[slot] as number) >= 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = n;
  }
  return { slots, hashes, chars, charStarts };
}

/** Flattens a tree. */
export function flattenTree(root: SkillNode): FlatTree {
  const nodes: SkillNode[] = [root];
  const numbers = new Map<string, number>();
  const childStarts: number[] = [0];
  const childWords: number[] = [];
  const childNodes: number[] = [];
  // Breadth first: the list grows while it is read.
  for (const { next } of nodes) {
    for (const [word, child] of next) {
      if (!numbers.has(word)) numbers.set(word, numbers.size);
      childWords.push(numbers.get(word) as number);
      childNodes.push(nodes.length);
      nodes.push(child);
    }
    childStarts.push(childWords.length);
  }
  const first = new Int32Array(numbers.size);
  for (let n = 0; n < root.next.size; n++) first[childWords[n] as number] = childNodes[n] as number;
  return {
    ...flattenWords([...numbers.keys()]),
    first,
    childStarts: Int32Array.from(childStarts),
    childWords: Int32Array.from(childWords),
    childNodes: Int32Array.from(childNodes),
    skills: Int32Array.from(nodes, ({ skill }) => skill),
    isAmbiguous: Uint8Array.from(nodes, (each) => (each.isAmbiguous ? 1 : 0)),
  };
}

/** The number of a folded word; -1 for one that is not in the tree. */
export function wordNumber(tree: FlatTree, folded: string): number {
  const { slots, hashes, chars, charStarts } = tree;
  const hash = hashWord(folded);
  for (let slot = hash & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
    const word = slots[slot] as number;
    if (word < 0) return -1;
    if (hashes[word] !== hash) continue;
    const from = charStarts[word] as number;
    if ((charStarts[word + 1] as number) - from !== folded.length) continue;
    let n = 0;
    while (n < folded.length && chars[from + n] === folded.charCodeAt(n)) n += 1;
    if (n === folded.length) return word;
  }
}

/** The child of a node by a word; 0 for none. */
export function childBy(
  { first, childStarts, childWords, childNodes }: FlatTree,
  node: number,
  word: number,
): number {
  if (node === 0) return first[word] as number;
  for (let at = childStarts[node] as number; at < (childStarts[node + 1] as number); at++)
    if (childWords[at] === word) return childNodes[at] as number;
  return 0;
}
