/** Memoizes a pure function for its last arguments, which are compared by identity. */
export function memoizeLast<A extends readonly unknown[], R>(make: (...given: A) => R): (...given: A) => R {
  let last: { readonly given: A; readonly made: R } | null = null;
  return (...given) => {
    if (last === null || !last.given.every((one, index) => Object.is(one, given[index])))
      last = { given, made: make(...given) };
    return last.made;
  };
}
