const LONG_OPTION = /^--([a-z][a-zA-Z0-9-]*)(?:=(.+))?$/s;

/**
 * Rewrites long options to the form the commands declare: `--saleId=8` becomes `--sale-id 8`. Splitting the
 * name from the value lets commander suggest the nearest option for a misspelt name. Arguments after `--` are
 * not touched.
 */
export function normalizeArgv(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const options = argv.slice(0, end).flatMap((argument) => {
    const match = LONG_OPTION.exec(argument);
    if (match?.[1] === undefined) return [argument];
    const name = `--${kebabCase(match[1])}`;
    const value = match[2];
    // As a separate argument, a value with a leading dash would be parsed as an option.
    if (value?.startsWith("-")) return [`${name}=${value}`];
    return value === undefined ? [name] : [name, value];
  });
  return [...options, ...argv.slice(end)];
}

/** `saleId` and `saleID` become `sale-id`. */
export const kebabCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
