/** Continues a match at a place in the text. */
type Next = (at: number) => number | null;

/** Matches from a place on. @returns where the whole match ends, or null. */
type Matcher = (at: number, next: Next) => number | null;

/**
 * How many characters a backtracking engine compares when it finds all matches of a pattern in a text. It
 * knows groups, alternatives, classes, escapes and greedy quantifiers.
 */
export function countRegexSteps(pattern: RegExp, text: string): number {
  let steps = 0;
  const matcher = parse(pattern.source, (test) => (at, next) => {
    steps += 1;
    const character = text[at];
    return character !== undefined && test.test(character) ? next(at + 1) : null;
  });
  for (let at = 0; at < text.length; ) at = Math.max(matcher(at, (end) => end) ?? at + 1, at + 1);
  return steps;
}

function parse(source: string, oneCharacter: (test: RegExp) => Matcher): Matcher {
  let at = 0;
  const alternatives = (): Matcher => {
    const all = [sequence()];
    while (source[at] === "|") {
      at += 1;
      all.push(sequence());
    }
    return (from, next) => {
      for (const one of all) {
        const end = one(from, next);
        if (end !== null) return end;
      }
      return null;
    };
  };
  const sequence = (): Matcher => {
    const parts: Matcher[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") parts.push(quantified(atom()));
    return (from, next) => {
      const step = (index: number, place: number): number | null =>
        index === parts.length
          ? next(place)
          : (parts[index] as Matcher)(place, (end) => step(index + 1, end));
      return step(0, from);
    };
  };
  const atom = (): Matcher => {
    const [token = ""] = /^(\((\?:)?|\[\^?(\\.|[^\]\\])+\]|\\.|[^\\])/.exec(source.slice(at)) ?? [];
    at += token.length;
    if (!token.startsWith("(")) return oneCharacter(new RegExp(`^${token}$`, "s"));
    const inner = alternatives();
    at += 1;
    return inner;
  };
  const quantified = (inner: Matcher): Matcher => {
    const [token = "", single, least, , most] =
      /^(?:([+*?])|\{(\d+)(,(\d*))?\})/.exec(source.slice(at)) ?? [];
    if (token === "") return inner;
    at += token.length;
    const min = single === "+" ? 1 : Number(least ?? 0);
    const max = single === "?" ? 1 : single !== undefined ? Number.POSITIVE_INFINITY : Number(most ?? least);
    const repeat = (done: number, from: number, next: Next): number | null => {
      const more =
        done < max ? inner(from, (end) => (end > from ? repeat(done + 1, end, next) : null)) : null;
      return more ?? (done >= min ? next(from) : null);
    };
    return (from, next) => repeat(0, from, next);
  };
  return alternatives();
}
