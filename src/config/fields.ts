import { z } from "zod";
import { isTimeZone } from "../scoring/local-time.ts";
import { parseAmountMicro } from "../scoring/money.ts";

// The kinds of values that variables hold. A default is written as it would stand in the environment and
// parsed like any other value; `.meta({ default })` hands it to the generated pages.

/** Trimmed text. An empty variable counts as unset: compose files and .env files write it that way. */
const text = z
  .string()
  .trim()
  .optional()
  .transform((value) => value || undefined);

/** Any text; undefined when it is not set. */
export const optional = text;

/** A description of valid values, and how one is parsed; undefined if it is invalid. */
type Parse<T> = {
  readonly rule: string | ((written: string) => string);
  readonly parse: (written: string) => T | undefined;
};

export function reject(context: z.RefinementCtx, rule: Parse<unknown>["rule"], written: string): never {
  const mustBe = typeof rule === "string" ? rule : rule(written);
  context.addIssue({ code: "custom", message: `must be ${mustBe}` });
  return z.NEVER;
}

/** A variable with a default. */
export const withDefault = <T>(fallback: string, { rule, parse }: Parse<T>) =>
  text
    .transform((written, context): T => {
      const value = parse(written ?? fallback);
      return value === undefined ? reject(context, rule, written ?? fallback) : value;
    })
    .meta({ default: fallback });

/** A variable without a default: undefined when it is not set. */
export const withoutDefault = <T>({ rule, parse }: Parse<T>) =>
  text.transform((written, context): T | undefined => {
    if (written === undefined) return undefined;
    const value = parse(written);
    return value === undefined ? reject(context, rule, written) : value;
  });

export const textOr = (fallback: string) =>
  withDefault(fallback, { rule: "text", parse: (written) => written });

/** Text that matches a pattern. */
export const textMatching = (fallback: string, pattern: RegExp, rule: string) =>
  withDefault(fallback, { rule, parse: (written) => (pattern.test(written) ? written : undefined) });

export const optionalMatching = (pattern: RegExp, rule: string) =>
  withoutDefault({ rule, parse: (written) => (pattern.test(written) ? written : undefined) });

const wholeBetween = (min: number, max: number): Parse<number> => ({
  rule: `a whole number from ${min} to ${max}`,
  parse: (written) => {
    const n = Number(written);
    return Number.isInteger(n) && n >= min && n <= max ? n : undefined;
  },
});

export const whole = (fallback: number, min: number, max: number) =>
  withDefault(String(fallback), wholeBetween(min, max));

export const optionalWhole = (min: number, max: number) => withoutDefault(wholeBetween(min, max));

export const yesNo = withDefault("false", {
  rule: "true or false",
  parse: (written) => {
    if (/^(false|0|no|off)$/i.test(written)) return false;
    return /^(true|1|yes|on)$/i.test(written) ? true : undefined;
  },
});

/** One of a few words, in any case. */
export const oneOf = <const T extends string>(fallback: T, words: readonly T[]) =>
  withDefault(fallback, {
    rule: `one of: ${words.join(", ")}`,
    parse: (written) => words.find((word) => word === written.toLowerCase()),
  });

/** The entries of a list, separated by commas. */
export const entriesOf = (written: string): string[] =>
  written
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);

const wordsOf = <T extends string>(allowed: readonly T[]) => {
  const unknownIn = (written: string) =>
    entriesOf(written).filter((entry) => !(allowed as readonly string[]).includes(entry));
  return {
    rule: (written: string) => {
      const unknown = unknownIn(written);
      return `a list of: ${allowed.join(", ")}${unknown.length > 0 ? ` (not ${unknown.join(", ")})` : ""}`;
    },
    parse: (written: string): T[] | undefined => {
      const entries = entriesOf(written) as T[];
      return entries.length > 0 && unknownIn(written).length === 0 ? [...new Set(entries)] : undefined;
    },
  };
};

/** A list, separated by commas, of some of the allowed words; all of them by default. */
export const listOf = <T extends string>(allowed: readonly T[]) =>
  withDefault(allowed.join(","), wordsOf(allowed));

/** The same; none of them by default. */
export const someOf = <T extends string>(allowed: readonly T[]) =>
  withoutDefault(wordsOf(allowed)).transform((words): readonly T[] => words ?? []);

const amountIn = (written: string): bigint | undefined => {
  const parsed = parseAmountMicro(written);
  return parsed.kind === "amount" ? parsed.amountMicro : undefined;
};

const amountFault = (written: string): string => {
  const parsed = parseAmountMicro(written);
  return parsed.kind === "fault" ? `: ${parsed.fault}` : "";
};

/** An amount of tokens, in millionths. */
export const tokens = (fallback: string, { min }: { readonly min: string }) =>
  withDefault(fallback, {
    rule: (written) => `an amount of tokens from ${min}${amountFault(written)}`,
    parse: (written) => {
      const amount = amountIn(written);
      return amount !== undefined && amount >= (amountIn(min) ?? 0n) ? amount : undefined;
    },
  });

/** The pool of a budget, in millionths. With 0 the period is recorded and nobody is paid. */
export const pool = (fallback: string) =>
  withDefault(fallback, {
    rule: (written) => `0 or an amount of tokens${amountFault(written)}`,
    parse: (written) => (/^0+(\.0+)?$/.test(written) ? 0n : amountIn(written)),
  });

/** A factor from 1, in hundredths. */
export const multiplier = (fallback: string) =>
  withDefault(fallback, {
    rule: "a number from 1 to 999.99 with at most 2 decimals",
    parse: (written) => {
      const hundredths = Math.round(Number(written) * 100);
      return /^\d{1,3}(\.\d{1,2})?$/.test(written) && hundredths >= 100 ? hundredths : undefined;
    },
  });

/** A number from 0 to 1. */
export const share = (fallback: string) =>
  withDefault(fallback, {
    rule: "a number from 0 to 1 with at most 6 decimals",
    parse: (written) =>
      /^(0|1|0?\.\d{1,6}|[01]\.0*|0\.\d{1,6})$/.test(written) ? Number(written) : undefined,
  });

/** A user of the host platform, by number or by public uuid. */
export const userId = (fallback: string) =>
  withDefault(fallback, {
    rule: "the number or the public uuid of a user",
    parse: (written) => {
      const id = written.toLowerCase();
      return /^(0|[1-9]\d{0,17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(id) ? id : undefined;
    },
  });

const urlOf = (protocols: readonly string[]): Parse<string> => ({
  rule: `a URL that begins with ${protocols.map((p) => `${p}://`).join(" or ")}`,
  parse: (written) =>
    URL.canParse(written) && protocols.includes(new URL(written).protocol.slice(0, -1)) ? written : undefined,
});

export const url = (...protocols: string[]) => withoutDefault(urlOf(protocols));

export const webUrl = (fallback: string) => withDefault(fallback, urlOf(["http", "https"]));

/** A URL that paths are appended to: without a trailing slash, a query or a fragment. */
export const baseUrl = (fallback: string) =>
  withDefault(fallback, {
    rule: "a URL that begins with https:// or http://",
    parse: (written) =>
      /^https?:\/\/[^\s?#]+$/.test(written) && URL.canParse(written)
        ? written.replace(/\/+$/, "")
        : undefined,
  });

type HostPort = { readonly host: string; readonly port: number };

/** A name, an IPv4 address, or an IPv6 address in brackets; then a port. */
const HOST_PORT = /^(?:\[([0-9a-f:.]+)\]|([^\s:,/@[\]]+)):(\d{1,5})$/i;

function hostPortIn(written: string): HostPort | undefined {
  const [, bracketed, name, digits] = HOST_PORT.exec(written) ?? [];
  const [host, port] = [bracketed ?? name, Number(digits)];
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Addresses of several servers, separated by commas; none by default. */
export const hostPorts = text.transform((written, context): readonly HostPort[] => {
  const found = entriesOf(written ?? "").map(hostPortIn);
  const complete = found.filter((each) => each !== undefined);
  if (complete.length === found.length) return complete;
  return reject(context, "addresses as host:port, separated by commas", "");
});

/** Rates in basis points, level 1 first. */
export const rates = (fallback: string) =>
  withDefault(fallback, {
    rule: "one to five whole numbers of basis points that add up to at most 10000",
    parse: (written) => {
      const all = written.split(",").map((part) => Number(part.trim()));
      const total = all.reduce((sum, rate) => sum + rate, 0);
      return all.length <= 5 && all.every((rate) => Number.isInteger(rate) && rate >= 0) && total <= 10_000
        ? all
        : undefined;
    },
  });

export const timeZone = (fallback: string) =>
  withDefault(fallback, {
    rule: (written) => `an IANA time zone, such as Europe/Berlin (not ${written})`,
    parse: (written) => (isTimeZone(written) ? written : undefined),
  });
