/** How a language writes dates, numbers and lists. */
export type Formats = {
  category(count: number): Intl.LDMLPluralRule;
  number(n: number): string;
  /** A decimal number in text, with all its digits: `1234.50` becomes `1,234.50`. */
  amount(text: string): string;
  /** `92` becomes `92%`. */
  percent(n: number): string;
  /** `A, B, and C`. */
  list(items: readonly string[]): string;
  /** A time in a zone: `Tue, Jun 2, 3:00 PM PDT`. */
  time(at: Date, timeZone: string): string;
  /** A date: `2026-03-02` becomes `Mar 2, 2026`. Other text is returned unchanged. */
  day(date: string): string;
};

const made = new Map<string, Formats>();

/** The formats of a language, by its tag. Formatters are expensive to create: there is one of each kind. */
export function formatsOf(tag: string): Formats {
  const formats = made.get(tag) ?? makeFormats(tag);
  made.set(tag, formats);
  return formats;
}

function makeFormats(tag: string): Formats {
  const plurals = new Intl.PluralRules(tag);
  const numbers = new Intl.NumberFormat(tag);
  const percents = new Intl.NumberFormat(tag, { style: "percent" });
  const lists = new Intl.ListFormat(tag, { type: "conjunction" });
  const days = new Intl.DateTimeFormat(tag, { timeZone: "UTC", dateStyle: "medium" });
  const times = new Map<string, Intl.DateTimeFormat>();
  const timesIn = (timeZone: string): Intl.DateTimeFormat => {
    const known = times.get(timeZone) ?? timeFormat(tag, timeZone);
    times.set(timeZone, known);
    return known;
  };
  return {
    category: (count) => plurals.select(count),
    number: (n) => numbers.format(n),
    amount: (text) => (isDecimal(text) ? decimalFormat(tag, text).format(text) : text),
    percent: (n) => percents.format(n / 100),
    list: (items) => lists.format(items),
    time: (at, timeZone) => timesIn(timeZone).format(at).replaceAll("\u202f", " "),
    day: (date) => {
      const day = new Date(`${date}T00:00:00Z`);
      return Number.isNaN(day.getTime()) ? date : days.format(day);
    },
  };
}

const timeFormat = (tag: string, timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(tag, {
    timeZone,
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  });

const isDecimal = (text: string): text is `${number}` => /^-?\d+(\.\d{1,20})?$/.test(text);

/** Keeps as many decimals as the text has. */
const decimalFormat = (tag: string, text: string): Intl.NumberFormat => {
  const decimals = text.split(".")[1]?.length ?? 0;
  return new Intl.NumberFormat(tag, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
};
