import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { SKILL_KINDS, type SkillKind } from "../../scoring/postings/skills/skill-kinds.ts";
import { foldedWords } from "../../scoring/postings/skills/words.ts";
import { AMBIGUOUS, CHOSEN_ICONS, CLEAR, DISPLAY_NAMES, NOT_SKILLS, SAME_AS } from "./chosen-names.ts";
import { OWN_SKILLS } from "./own-skills.ts";

// Builds the vocabulary of skills from our own list and four packages (decision 0150). `--check` compares it
// with the file. Names of packages are data here, so that nothing else has to install them.

const FILE = fileURLToPath(new URL("../../scoring/postings/skills/vocabulary.generated.ts", import.meta.url));
const PACKAGES = new URL("../../../node_modules/", import.meta.url);

type Icon = { title: string; aliases?: { aka?: string[]; old?: string[] } };
type Devicon = { name: string; altnames: string[]; tags: string[] };
type Language = { name: string; type: string; aliases?: string[] };
type LanguageNames = {
  getAllCodes(): string[];
  getName(code: string): string;
  getNativeName(code: string): string;
};

const readPackage = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, PACKAGES), "utf8")) as T;
const importPackage = (path: string): Promise<Record<string, unknown>> =>
  import(new URL(path, PACKAGES).href);

/** A skill that is being put together. */
type Draft = { readonly name: string; readonly kind: SkillKind; readonly spellings: string[] };

const fold = (name: string): string => foldedWords(name).join("");

/** Whether a spelling from a package counts only in context: a short one, or an ordinary word. */
function isAmbiguousName(text: string, isKnownTool: boolean): boolean {
  const folded = fold(text);
  if (CLEAR.has(folded)) return false;
  if (AMBIGUOUS.has(folded) || /^[a-z0-9]{1,2}$/.test(folded)) return true;
  return !isKnownTool && /^[a-z]{3,9}$/.test(folded);
}

const marked = (text: string, isKnownTool: boolean): string =>
  isAmbiguousName(text, isKnownTool) ? `?${text}` : text;

/** Collects skills; the first to claim a spelling has it. */
function openDrafts() {
  const drafts: Draft[] = [];
  const owners = new Map<string, Draft>();
  const claim = (draft: Draft, spelling: string): void => {
    const folded = fold(spelling.replace(/^\?/, ""));
    if (folded === "" || owners.has(folded)) return;
    owners.set(folded, draft);
    draft.spellings.push(spelling);
  };
  return {
    drafts,
    /** Adds a skill, or further spellings of a known one. */
    add(name: string, kind: SkillKind, spellings: readonly string[]): void {
      const known = owners.get(fold(name));
      const draft = known ?? { name, kind, spellings: [] };
      for (const spelling of spellings) claim(draft, spelling);
      if (known === undefined && draft.spellings.length > 0) drafts.push(draft);
    },
  };
}

/** Its aliases are looked up last, so that no alias takes the name of another skill. */
type Entry = {
  readonly name: string;
  readonly kind: SkillKind;
  readonly names: string[];
  readonly aliases: string[];
};

function ownEntries(): Entry[] {
  return SKILL_KINDS.flatMap((kind) =>
    (OWN_SKILLS[kind] ?? "")
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [name = "", ...aliases] = line.split("|");
        return { name: name.replace(/^\?/, ""), kind, names: [name], aliases };
      }),
  );
}

/** Kinds by tags of devicon, the first that fits. */
const KIND_BY_TAG: readonly (readonly [SkillKind, readonly string[]])[] = [
  ["database", ["database", "nosql", "sql", "db"]],
  ["framework", ["framework", "library", "css", "react", "mvc"]],
  ["cloud", ["cloud", "hosting", "orchestrator", "kubernetes", "devops", "cloud-computing-platform"]],
];

const kindOfTags = (tags: readonly string[]): SkillKind =>
  KIND_BY_TAG.find(([, some]) => some.some((tag) => tags.includes(tag)))?.[0] ?? "tool";

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Aliases of one character, or of two letters without a sign, name too much. */
const isFitAlias = (alias: string): boolean => fold(alias).length > 2 || /[+#]/.test(alias);

async function packageEntries(): Promise<Entry[]> {
  const icons = readPackage<Icon[]>("simple-icons/data/simple-icons.json");
  const devicons = readPackage<Devicon[]>("devicon/devicon.json");
  const languages = Object.values(await importPackage("linguist-languages/index.js")) as Language[];
  const iconBy = new Map(icons.map((icon) => [fold(icon.title), icon]));
  const languageBy = new Map(languages.map((language) => [fold(language.name), language]));
  const kindOf = (folded: string, tags: readonly string[]): SkillKind =>
    languageBy.get(folded)?.type === "programming" ? "language" : kindOfTags(tags);
  const entry = (
    written: string,
    kind: SkillKind,
    aliases: readonly string[],
    isKnownTool: boolean,
  ): Entry => {
    const name = SAME_AS[written] ?? written;
    const all = name === written ? [] : [written];
    return {
      name,
      kind,
      names: [marked(name, isKnownTool)],
      aliases: [...all, ...aliases].filter(isFitAlias).map((alias) => marked(alias, isKnownTool)),
    };
  };
  const fromDevicon = devicons
    .filter(({ name }) => !NOT_SKILLS.includes(name))
    .map(({ name, altnames, tags }) => {
      const known = iconBy.get(fold(name))?.title ?? languageBy.get(fold(name))?.name;
      const written = DISPLAY_NAMES[name] ?? known ?? capitalized(name);
      return entry(written, kindOf(fold(written), tags), altnames, true);
    });
  const missing = CHOSEN_ICONS.filter((title) => !iconBy.has(fold(title)));
  if (missing.length > 0) process.stderr.write(`simple-icons no longer has: ${missing.join(", ")}\n`);
  const fromIcons = CHOSEN_ICONS.flatMap((title) => {
    const icon = iconBy.get(fold(title));
    if (icon === undefined) return [];
    const { aka = [], old = [] } = icon.aliases ?? {};
    return [entry(icon.title, kindOf(fold(icon.title), []), [...aka, ...old], true)];
  });
  const fromLinguist = languages
    .filter(({ type }) => type === "programming")
    .map(({ name, aliases = [] }) => entry(name, "language", aliases, iconBy.has(fold(name))));
  return [...fromDevicon, ...fromIcons, ...fromLinguist, ...spokenLanguages()];
}

function spokenLanguages(): Entry[] {
  // A script that defines one variable; loaders of modules disagree on what it exports.
  const script = readFileSync(new URL("iso-639-1/build/index.js", PACKAGES), "utf8");
  const iso = runInNewContext(`${script}; ISO6391.default ?? ISO6391`) as LanguageNames;
  return iso.getAllCodes().map((code) => ({
    name: iso.getName(code),
    kind: "natural-language",
    // Nations and regions have the same names.
    names: [`?${iso.getName(code)}`],
    aliases: [`?${iso.getNativeName(code)}`],
  }));
}

async function build(): Promise<string> {
  const { drafts, add } = openDrafts();
  const entries = [...ownEntries(), ...(await packageEntries())];
  for (const { name, kind, names } of entries) add(name, kind, names);
  for (const { name, kind, aliases } of entries) add(name, kind, aliases);
  const lines = drafts
    .sort((a, b) => (fold(a.name) < fold(b.name) ? -1 : 1))
    .map(({ kind, spellings }) => [kind, ...spellings].map((text) => text.replace(/[|\\`$]/g, "")).join("|"));
  return `// Written by \`npm run vocabulary:build\`, checked by \`npm run check:vocabulary\`. Do not edit it.
// Sources and licences: docs/decisions/0150-skills-vocabulary.md and THIRD-PARTY-LICENCES.md.

/** One skill a line: kind, name, other spellings; "?" marks a word that also means something else. */
export const VOCABULARY = \`
${lines.join("\n")}
\`;
`;
}

const built = await build();
if (process.argv.includes("--check")) {
  const isCurrent = readFileSync(FILE, "utf8") === built;
  process.stdout.write(isCurrent ? "The vocabulary is up to date.\n" : "Run `npm run vocabulary:build`.\n");
  if (!isCurrent) process.exitCode = 1;
} else {
  writeFileSync(FILE, built);
  process.stdout.write(`${built.split("\n").length - 8} skills.\n`);
}
