const LONG_OPTION = /^--([a-z][a-zA-Z0-9-]*)(?:=(.+))?$/s;

/**
 * Options are known by their kebab-case names; whoever writes `--saleId=8`, as the field is called, means `--sale-id 8`. Name and
 * value become two words, so that a mistyped name is compared with the right ones by itself. What follows `--` is left alone.
 */
export function normalizeWords(words: readonly string[]): string[] {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const options = words.slice(0, end).flatMap((word) => {
    const match = LONG_OPTION.exec(word);
    if (match?.[1] === undefined) return [word];
    const name = `--${kebabCase(match[1])}`;
    const value = match[2];
    // A value that looks like an option stays where it cannot be taken for one.
    if (value?.startsWith("-")) return [`${name}=${value}`];
    return value === undefined ? [name] : [name, value];
  });
  return [...options, ...words.slice(end)];
}

/** `saleId` and `saleID` are `sale-id`. */
export const kebabCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
