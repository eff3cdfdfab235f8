/** Replaced in this order; afterwards each letter represents its sound. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/^(kn|gn|pn)/, "n"],
  [/^wr/, "r"],
  [/^ps/, "s"],
  [/^x/, "s"],
  [/^wh/, "w"],
  [/ph/g, "f"],
  [/^gh/, "g"],
  [/gh/g, ""],
  [/sch|tch|ch|sh|cz|sz/g, "x"],
  [/th|dt/g, "t"],
  [/dg(?=[eiy])/g, "j"],
  [/g(?=[eiy])/g, "j"],
  [/c(?=[eiy])/g, "s"],
  [/ck|q|c/g, "k"],
  [/z/g, "s"],
  [/[vw]/g, "f"],
  [/d/g, "t"],
  [/y/g, "i"],
  [/(?<=.)h/g, ""],
];

const LATIN = /^[a-z]+$/;

/**
 * The sound of a word: letters with the same sound become one letter, double letters single, and vowels after
 * the first letter are dropped. Stephen and Stefan are `stfn`. Null for words in other scripts, or with fewer
 * than two sounds left.
 */
export function soundKey(word: string): string | null {
  if (!LATIN.test(word)) return null;
  const sounds = RULES.reduce((text, [pattern, letter]) => text.replace(pattern, letter), word).replace(
    /(.)\1+/g,
    "$1",
  );
  const key = (sounds[0] ?? "").replace(/[aeiou]/, "a") + sounds.slice(1).replace(/[aeiou]/g, "");
  return key.length < 2 ? null : key;
}
