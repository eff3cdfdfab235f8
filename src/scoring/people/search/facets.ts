/** The facts of a person that facets count; null or empty if absent or hidden. */
export type FacetFacts = {
  readonly gender: string | null;
  readonly intent: string | null;
  readonly age: number | null;
  readonly subjectIds: readonly string[];
};

export type FacetCount = { readonly value: string; readonly count: number };

export type Facets = {
  readonly gender: readonly FacetCount[];
  readonly intent: readonly FacetCount[];
  readonly age: readonly FacetCount[];
  readonly subject: readonly FacetCount[];
};

/** Smaller counts could reveal something about single people. */
export const LEAST_COUNT = 5;

const AGE_GROUPS: readonly (readonly [from: number, label: string])[] = [
  [65, "65+"],
  [55, "55-64"],
  [45, "45-54"],
  [35, "35-44"],
  [25, "25-34"],
  [18, "18-24"],
  [0, "under 18"],
];

/** Counts of values among the people, most frequent first; those below 5 are left out. */
export function countFacets(people: readonly FacetFacts[]): Facets {
  const known = (value: string | null): string[] => (value === null ? [] : [value]);
  return {
    gender: countsOf(people, ({ gender }) => known(gender)),
    intent: countsOf(people, ({ intent }) => known(intent)),
    age: countsOf(people, ({ age }) => known(age === null ? null : ageGroup(age))),
    subject: countsOf(people, ({ subjectIds }) => subjectIds),
  };
}

const ageGroup = (age: number): string | null => AGE_GROUPS.find(([from]) => age >= from)?.[1] ?? null;

function countsOf(
  people: readonly FacetFacts[],
  valuesOf: (person: FacetFacts) => readonly string[],
): FacetCount[] {
  const counts = new Map<string, number>();
  for (const person of people)
    for (const value of valuesOf(person)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= LEAST_COUNT)
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
