import { z } from "zod";

// Text and instants from outside. Values that Postgres cannot store are refused or replaced before they reach
// a statement, which would fail as a whole.

/** Lone surrogates, which UTF-8 cannot encode; Postgres stores no U+0000 either. */
const LONE_SURROGATE = /\p{Cs}/u;
const INVISIBLE = /[\p{Cc}\p{Cs}]/u;

/** The texts that `isStorable` rejects, for error messages. */
export const UNSTORABLE = "must not contain U+0000 or lone surrogates";

/** Whether Postgres can store a text. */
export const isStorable = (text: string): boolean => !text.includes("\0") && !LONE_SURROGATE.test(text);

/** The text with each character that Postgres cannot store replaced by U+FFFD. */
export const storable = (text: string): string =>
  isStorable(text) ? text : text.replaceAll("\0", "\ufffd").replace(/\p{Cs}/gu, "\ufffd");

/**
 * Whether a text fits an identifier: storable, and without control characters, which would be invisible in
 * lists.
 */
export const isPlainText = (text: string): boolean => !INVISIBLE.test(text);

/** An identifier of a sender: not empty, plain, and short enough for an index. */
export const foreignId = (maxLength = 255) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine(isPlainText, "must not contain control characters or lone surrogates");

const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/** Whether an instant lies in the years that every part of the system can write: 1970 to 9999. */
export const isStorableInstant = (at: Date): boolean =>
  at.getUTCFullYear() >= FIRST_YEAR && at.getUTCFullYear() <= LAST_YEAR;
