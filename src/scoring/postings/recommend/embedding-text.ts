import { matchSkills } from "../skills/match-skills.ts";
import { SKILLS, skillNamed } from "../skills/vocabulary.ts";
import { foldedWords, normalizeText } from "../skills/words.ts";
import { type PostingRow, readUser, statedTitles, type UserRow } from "./read-facts.ts";

/** The rows of a user with the facts that decide which text may be sent. */
export type EmbeddedUserRow = UserRow & {
  readonly name: string | null;
  /** Whether the user lets their text be sent. */
  readonly embeddingsAllowed: boolean;
};

/** Texts are cut at this length: about 500 tokens, which every model accepts. */
export const MAX_EMBEDDED = 2_000;
/** At most this many characters of free text are read. */
const MAX_READ = 8_000;
const MAX_SKILLS = 60;

/**
 * E-mail and web addresses. The look-behind keeps the number of steps linear: without it, each character of a
 * text without spaces, such as a Chinese one, would be tried as the first of an address.
 */
export const ADDRESSES = /(?<!\S)\S*?(?:@|:\/\/)\S*|\bwww\.\S*/gi;
const SENTENCE_END = /[\n\r;!?|\u2022]+|\.(?=\s|$)/;
/** A sentence with at least this many digits may contain a date, a telephone number or a postal code. */
const MANY_DIGITS = 5;
const BIRTH = /\b(born|birth|birthday|dob|age|aged|geboren|geburt\w*|nata|nato|nacid[oa]|naissance|née)\b/i;
const WORD = /[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}+#.'\u2019-]*/gu;
const END_MARKS = ".'\u2019-";
const DIGIT = /\p{N}/u;
/** Lower-case letters alone: names and addresses begin with a capital. Scripts without cases have none. */
const LOWER = /^[\p{Ll}\p{M}'\u2019-]+$/u;

/**
 * Removes what may identify a person from free text: only words in lower case and skills of the vocabulary
 * are kept. A sentence with an e-mail or web address loses it; one that has five digits or more, or mentions
 * a birth or an age, is left out; words with digits and the words in `personal` are left out.
 *
 * @param personal folded words.
 */
export function scrubText(text: string, personal: ReadonlySet<string> = new Set()): string {
  const sentences = normalizeText(text.slice(0, MAX_READ)).replace(ADDRESSES, " ").split(SENTENCE_END);
  return sentences
    .filter((sentence) => !BIRTH.test(sentence) && countDigits(sentence) < MANY_DIGITS)
    .map((sentence) => (sentence.match(WORD) ?? []).flatMap((word) => scrubWord(word, personal)).join(" "))
    .filter((sentence) => sentence !== "")
    .join(". ");
}

const countDigits = (text: string): number => text.match(/\p{N}/gu)?.length ?? 0;

function scrubWord(written: string, personal: ReadonlySet<string>): string[] {
  const word = withoutEnd(written);
  if (DIGIT.test(word) || foldedWords(word).some((folded) => personal.has(folded))) return [];
  if (LOWER.test(word)) return [word];
  const skill = skillNamed(word);
  return skill < 0 ? [] : [SKILLS[skill]?.name ?? ""];
}

/** Without the marks at the end that may be part of a word. */
function withoutEnd(word: string): string {
  let end = word.length;
  while (END_MARKS.includes(word[end - 1] ?? " ")) end--;
  return word.slice(0, end);
}

/** A title: its words without numbers and without the words in `personal`. */
const scrubTitle = (title: string, personal: ReadonlySet<string>): string =>
  foldedWords(title.replace(ADDRESSES, " "))
    .filter((word) => !DIGIT.test(word) && !personal.has(word))
    .join(" ");

const skillNames = (skills: readonly number[]): string =>
  skills
    .slice(0, MAX_SKILLS)
    .map((skill) => SKILLS[skill]?.name ?? "")
    .join(", ");

const joinLines = (lines: readonly string[]): string =>
  lines
    .filter((line) => line !== "")
    .join("\n")
    .slice(0, MAX_EMBEDDED);

/** The text that is sent of a posting: its title, its skills, and its description after `scrubText`. */
export function postingText({ title, description }: PostingRow): string {
  const skills = matchSkills(`${title}\n${description}`);
  return joinLines([scrubTitle(title, new Set()), skillNames(skills), scrubText(description)]);
}

/** Fields of a parsed CV whose words are never sent. */
const PERSONAL_FIELDS =
  "name full_name first_name last_name email phone address location city street country date_of_birth birth_date nationality".split(
    " ",
  );
const SUMMARY_FIELDS = ["summary", "profile", "objective", "about"];

/** Fields of a parsed CV that the text which is sent depends on, besides those that scores depend on. */
export const EMBEDDED_FIELDS: readonly string[] = [...PERSONAL_FIELDS, ...SUMMARY_FIELDS];

/**
 * The text that is sent of a user: their target titles, their skills, and the summary of their CV after
 * `scrubText`. Empty if they do not allow it.
 */
export function userText(row: EmbeddedUserRow): string {
  if (!row.embeddingsAllowed) return "";
  const personal = personalWords(row);
  const titles = statedTitles(row).map((title) => scrubTitle(title, personal));
  const summary = textField(row.parsedContent, SUMMARY_FIELDS);
  return joinLines([titles.join(", "), skillNames(readUser(row).skills), scrubText(summary, personal)]);
}

function personalWords({ name, parsedContent }: EmbeddedUserRow): ReadonlySet<string> {
  const known = [name ?? "", ...PERSONAL_FIELDS.flatMap((field) => allTexts(fieldOf(parsedContent, field)))];
  return new Set(known.flatMap((text) => foldedWords(text.slice(0, MAX_READ))));
}

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;

function textField(value: unknown, fields: readonly string[]): string {
  for (const field of fields) {
    const found = fieldOf(value, field);
    if (typeof found === "string" && found !== "") return found;
  }
  return "";
}

/** The texts in a value, one level deep: an address may be an object. */
function allTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).filter((part): part is string => typeof part === "string");
}
