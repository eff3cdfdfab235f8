// Names and texts of users reach the operator's terminal. Escape sequences would move its cursor or set its
// title, line breaks would forge lines, direction marks would reorder what is read.

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const UNPRINTABLE_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text for one place in a line: control and format characters become U+FFFD. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, "\ufffd");

/** The same for text that is made of lines. */
export const printableLines = (text: string): string => text.replace(UNPRINTABLE_IN_LINES, "\ufffd");

/** JSON that means the same, with such characters escaped. */
export const printableJson = (json: string): string =>
  json.replace(UNPRINTABLE_IN_LINES, (character) =>
    Array.from(
      { length: character.length },
      (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
