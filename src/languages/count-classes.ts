import { ENGLISH } from "./language.ts";

/** Stands for the count in titles that Postgres chooses from. Names contain no control characters. */
export const COUNT_MARK = "\u0001";

/** Classes of counts whose texts differ only in the number. */
export type CountClasses = {
  /**
   * The class of each count from 0, as a digit. The second half repeats: beyond the end, count n has the
   * class of the digit at `half + n % half`.
   */
  readonly digits: string;
  /** A count of each class. */
  readonly examples: readonly number[];
};

/** The lengths after which plural rules repeat: nearly all languages use only the last two digits. */
const PERIODS = [2, 10, 100];
const CHECKED_TO = 2_000;

const known = new Map<string, CountClasses>();

/**
 * The classes of counts in a language, and in English, in which the text may be. English has two: 1, and the
 * rest. A million, which some languages treat on its own, has the class of 200.
 */
export function countClasses(tag: string): CountClasses {
  const classes = known.get(tag) ?? divide(tag);
  known.set(tag, classes);
  return classes;
}

function divide(tag: string): CountClasses {
  const rules = [tag, ENGLISH.tag].map((language) => new Intl.PluralRules(language));
  const keys = Array.from({ length: CHECKED_TO }, (_, count) =>
    rules.map((rule) => rule.select(count)).join(),
  );
  const classes = [...new Set(keys)];
  const period = PERIODS.find((length) => repeats(keys, length)) ?? 100;
  return {
    digits: keys
      .slice(0, 2 * period)
      .map((key) => classes.indexOf(key))
      .join(""),
    examples: classes.map((key) => keys.indexOf(key)),
  };
}

const repeats = (keys: readonly string[], period: number): boolean =>
  keys.every((key, count) => count < 2 * period || key === keys[period + (count % period)]);
