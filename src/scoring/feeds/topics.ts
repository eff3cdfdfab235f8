import * as stopwords from "stopword";

/** The features of the text and the media of a post that are stored for ranking. */
export type ContentFeatures = {
  /** Distinct words in the order of the text, lower case, without stop words. */
  readonly topics: readonly string[];
  /** From 0 to 1. */
  readonly quality: number;
  /** ISO 639-1; null if it cannot be detected from the text. */
  readonly language: string | null;
};

export const FEATURE_LIMITS = {
  topics: 8,
  /** Words with fewer letters are no topics; in scripts without spaces two letters are a word. */
  letters: 3,
  lettersWithoutSpaces: 2,
  /** Longer words are no topics: keys, hashes, art made of letters. */
  longest: 40,
  /** At most this many characters of a text are read. */
  textLength: 2_000,
  /** Stop words that a text must contain for its language to be known. */
  stopWords: 2,
} as const;

const QUALITY = { length: { weight: 0.6, full: 280 }, media: { weight: 0.4, full: 4 } } as const;

/** The languages that are recognized, with their stop words. */
const LANGUAGES: readonly (readonly [string, ReadonlySet<string>])[] = (
  [
    ["da", stopwords.dan],
    ["de", stopwords.deu],
    ["en", stopwords.eng],
    ["es", stopwords.spa],
    ["fi", stopwords.fin],
    ["fr", stopwords.fra],
    ["it", stopwords.ita],
    ["nl", stopwords.nld],
    ["no", stopwords.nob],
    ["pl", stopwords.pol],
    ["pt", stopwords.por],
    ["ro", stopwords.ron],
    ["ru", stopwords.rus],
    ["sv", stopwords.swe],
    ["tr", stopwords.tur],
    ["uk", stopwords.ukr],
  ] as const
).map(([code, words]) => [code, new Set(words.map((word) => word.toLowerCase()))]);

const ENGLISH = LANGUAGES.find(([code]) => code === "en")?.[1] ?? new Set<string>();

/** A mention, as messages have them (src/notifications/markdown.ts). It names a person, not a subject. */
const MENTION = /@\[[^\]\n]{1,200}\]\([^)\n]{1,60}\)/gu;
const LETTER = /\p{L}/gu;
const WITHOUT_SPACES =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** Also of scripts that are written without spaces. */
const SEGMENTER = new Intl.Segmenter("und", { granularity: "word" });

/**
 * The features of a post: the first 8 distinct words longer than 2 letters that are not stop words of its
 * language (of English where that is unknown); quality = 0.6 x min(length / 280, 1) + 0.4 x min(media / 4,
 * 1), the length in characters without surrounding white space; and the language.
 *
 * @param media number of attached media.
 */
export function featuresOf(body: string, media: number): ContentFeatures {
  const words = wordsIn(body);
  const language = languageOf(words);
  const stops = LANGUAGES.find(([code]) => code === language)?.[1] ?? ENGLISH;
  const topics = new Set<string>();
  for (const word of words) {
    if (topics.size === FEATURE_LIMITS.topics) break;
    if (isLong(word) && !stops.has(word)) topics.add(word);
  }
  return { topics: [...topics], quality: qualityOf([...body.trim()].length, media), language };
}

/** From 0 to 1. @param length in characters. @param media number of attached media. */
export const qualityOf = (length: number, media: number): number =>
  QUALITY.length.weight * Math.min(length / QUALITY.length.full, 1) +
  QUALITY.media.weight * Math.min(media / QUALITY.media.full, 1);

/** The start of a text, up to its last whole word within the limit. */
function wholeWords(body: string): string {
  const { textLength } = FEATURE_LIMITS;
  if (body.length <= textLength) return body;
  const end = body.lastIndexOf(" ", textLength);
  return body.slice(0, end < 0 ? textLength : end);
}

/** The words of a text in lower case, except mentions, links and addresses. */
function wordsIn(body: string): string[] {
  const text = wholeWords(body)
    .normalize("NFC")
    .replace(MENTION, " ")
    .toLowerCase()
    .split(/\s+/u)
    .filter((part) => !part.includes("@") && !part.includes("://"))
    .join(" ");
  const words: string[] = [];
  for (const { segment, isWordLike } of SEGMENTER.segment(text)) if (isWordLike) words.push(segment);
  return words;
}

/** The language most of whose stop words a text contains; null for too few, or for two with as many. */
function languageOf(words: readonly string[]): string | null {
  let best: string | null = null;
  let most: number = FEATURE_LIMITS.stopWords - 1;
  for (const [code, stops] of LANGUAGES) {
    const found = words.reduce((count, word) => count + (stops.has(word) ? 1 : 0), 0);
    if (found > most) [best, most] = [code, found];
    else if (found === most) best = null;
  }
  return best;
}

function isLong(word: string): boolean {
  const letters = word.match(LETTER)?.length ?? 0;
  const least = WITHOUT_SPACES.test(word) ? FEATURE_LIMITS.lettersWithoutSpaces : FEATURE_LIMITS.letters;
  return letters >= least && word.length <= FEATURE_LIMITS.longest;
}
