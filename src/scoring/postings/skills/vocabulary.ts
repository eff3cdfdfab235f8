import type { SkillKind } from "./skill-kinds.ts";
import { VOCABULARY } from "./vocabulary.generated.ts";
import { foldedWords } from "./words.ts";

/** A skill of the vocabulary. Its index in `SKILLS` is what the code computes with. */
export type Skill = {
  /** Identifies the skill in Postgres: a hash of its name, the same in every version of the vocabulary. */
  readonly key: number;
  readonly name: string;
  readonly kind: SkillKind;
  /** Every way to write it, the name first. `isAmbiguous`: the word also means something else. */
  readonly spellings: readonly { readonly text: string; readonly isAmbiguous: boolean }[];
};

/** 32-bit FNV-1a of the folded name, as a signed integer. Source: Fowler, Noll, Vo, draft-eastlake-fnv-21. */
export function skillKey(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of foldedWords(name).join("")) {
    hash ^= char.codePointAt(0) as number;
    hash = Math.imul(hash, 0x01000193);
  }
  return hash | 0;
}

/** Parses a line of the vocabulary: `kind`, then the spellings; `?` marks an ambiguous one. */
function parseSkill(line: string): Skill {
  const [kind, ...texts] = line.split("|");
  const spellings = texts.map((text) => ({
    text: text.replace(/^\?/, ""),
    isAmbiguous: text.startsWith("?"),
  }));
  const name = spellings[0]?.text ?? "";
  return { key: skillKey(name), name, kind: kind as SkillKind, spellings };
}

/** All skills, by name. */
export const SKILLS: readonly Skill[] = VOCABULARY.trim().split("\n").map(parseSkill);

/** Kinds whose names in a title mean a tool of the work. */
const STACK: ReadonlySet<SkillKind> = new Set([
  "language",
  "framework",
  "database",
  "cloud",
  "tool",
  "office",
]);

/** Whether a posting that names the skill in its title requires the skill itself. */
export const isStack = (skill: number): boolean => STACK.has((SKILLS[skill] as Skill).kind);

/** Changes with every change of the vocabulary. Lists computed with different ones are never mixed. */
export function vocabularyVersion(): string {
  version ??= (skillKey(VOCABULARY) >>> 0).toString(16).padStart(8, "0");
  return version;
}

// Folding all spellings takes longer than most commands run: it is done at the first use.
let version: string | null = null;
let byFolded: ReadonlyMap<string, number> | null = null;

const indexSpellings = (): ReadonlyMap<string, number> =>
  new Map(
    SKILLS.flatMap(({ spellings }, index) =>
      spellings.map(({ text }) => [foldedWords(text).join(""), index] as const),
    ),
  );

/**
 * Finds a skill that was typed as one, in any spelling: "node js", "Node.js", "NODEJS".
 *
 * @returns its index in `SKILLS`, or -1.
 */
export function skillNamed(name: string): number {
  byFolded ??= indexSpellings();
  return byFolded.get(foldedWords(name).join("")) ?? -1;
}
