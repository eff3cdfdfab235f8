const startOf = (part: string): string => `<!-- generated: ${part}; change it with npm run docs:generate -->`;
const END = "<!-- end of generated -->";

/**
 * Replaces a generated part of a page, between its two marker comments.
 * @throws Error if the page does not have the part exactly once.
 */
export function replacePart(page: string, part: string, text: string): string {
  const [before, rest, ...more] = page.split(startOf(part));
  if (before === undefined || rest === undefined || more.length > 0)
    throw new Error(`The page needs the line "${startOf(part)}" exactly once.`);
  const end = rest.indexOf(END);
  if (end < 0) throw new Error(`The part "${part}" does not end with the line "${END}".`);
  return `${before}${startOf(part)}\n\n${text}\n\n${rest.slice(end)}`;
}
