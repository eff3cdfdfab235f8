/** Continues a match at a place in the text. */
type Next = (at: number) => number | null;

/** Matches from a place on. @returns where the whole match ends, or null. */
type Matcher = (at: number, next: Next) => number | null;

/**
 * How many characters a backtracking engine compares when it finds all matches of a pattern in a text. It
 * knows groups, alternatives, classes, escapes, quantifiers, word boundaries, and whether a character comes
 * before.
 */
export function countRegexSteps(pattern: RegExp, text: string): number {
  let steps = 0;
  const isAt = (test: RegExp, at: number): boolean => {
    steps += 1;
    return test.test(text[at] ?? "");
  };
  const matcher = parse(pattern.source, {
    character: (test) => (at, next) => (isAt(test, at) ? next(at + 1) : null),
    notBehind: (test) => (at, next) => (isAt(test, at - 1) ? null : next(at)),
    boundary: (at, next) => (isAt(/^\w$/, at - 1) === isAt(/^\w$/, at) ? null : next(at)),
  });
  for (let at = 0; at < text.length; ) at = Math.max(matcher(at, (end) => end) ?? at + 1, at + 1);
  return steps;
}

type Parts = {
  readonly character: (test: RegExp) => Matcher;
  readonly notBehind: (test: RegExp) => Matcher;
  readonly boundary: Matcher;
};

function parse(source: string, parts: Parts): Matcher {
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
    const atoms: Matcher[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") atoms.push(quantified(atom()));
    return (from, next) => {
      const step = (index: number, place: number): number | null =>
        index === atoms.length
          ? next(place)
          : (atoms[index] as Matcher)(place, (end) => step(index + 1, end));
      return step(0, from);
    };
  };
  const atom = (): Matcher => {
    const [token = "", , behind] =
      /^(\(\?<!(\\.|[^\\])\)|\((\?:)?|\[\^?(\\.|[^\]\\])+\]|\\.|[^\\])/.exec(source.slice(at)) ?? [];
    at += token.length;
    if (behind !== undefined) return parts.notBehind(new RegExp(`^${behind}$`, "s"));
    if (token === "\\b") return parts.boundary;
    if (!token.startsWith("(")) return parts.character(new RegExp(`^${token}$`, "s"));
    const inner = alternatives();
    at += 1;
    return inner;
  };
  const quantified = (inner: Matcher): Matcher => {
    const [token = "", single, least, , most] =
      /^(?:([+*?])|\{(\d+)(,(\d*))?\})/.exec(source.slice(at)) ?? [];
    if (token === "") return inner;
    at += token.length;
    const isLazy = source[at] === "?";
    if (isLazy) at += 1;
    const min = single === "+" ? 1 : Number(least ?? 0);
    const max = single === "?" ? 1 : single !== undefined ? Number.POSITIVE_INFINITY : Number(most ?? least);
    const repeat = (done: number, from: number, next: Next): number | null => {
      const more = () =>
        done < max ? inner(from, (end) => (end > from ? repeat(done + 1, end, next) : null)) : null;
      const enough = () => (done >= min ? next(from) : null);
      return isLazy ? (enough() ?? more()) : (more() ?? enough());
    };
    return (from, next) => repeat(0, from, next);
  };
  return alternatives();
}
