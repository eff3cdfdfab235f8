/** A posting of the plan, and the opening it advertises: postings of one opening are copies. */
export type PlannedPosting = {
  readonly opening: number;
  readonly title: string;
  readonly company: string;
  readonly location: string;
  readonly remoteType: null;
  readonly description: string;
};

const COMPANIES = 20_000;
const COPY_SHARE = 0.25;
const WORDS = 5_000;
const ROLES = (
  "backend engineer,frontend engineer,data analyst,nurse,baker,driver,teacher,accountant,product designer,support agent," +
  "carpenter,sales manager,recruiter,electrician,editor,cook,gardener,lawyer,chemist,social worker"
).split(",");
const LEVELS = ["", "Senior ", "Junior ", "Lead "];
const CITIES =
  "Berlin,Hamburg,Munich,Vienna,Zurich,Paris,Lyon,Madrid,Lisbon,Dublin,Leeds,Ghent,Oslo,Turin,Prague".split(
    ",",
  );

/** How a copy differs from its original. */
type Change = (posting: PlannedPosting, random: () => number) => PlannedPosting;

const edited = (text: string, edits: number, random: () => number): string => {
  const words = text.split(" ");
  for (let n = 0; n < edits; n++) words[Math.floor(random() * words.length)] = wordOf(random);
  return words.join(" ");
};

const CHANGES: readonly Change[] = [
  // The same posting on another board: other spelling, another text.
  (posting, random) => ({
    ...posting,
    title: `${posting.title.replace("Senior", "Sr.")} (m/w/d)`,
    company: `${posting.company} GmbH`,
    description: edited(posting.description, 40, random),
  }),
  // Posted again with another title, and small edits of the text.
  (posting, random) => ({
    ...posting,
    title: `Wanted: ${posting.title}`,
    description: `${edited(posting.description, 1, random)} apply now`,
  }),
  // Cut off, as search engines do: below a Jaccard of 0.8, so a copy that is missed.
  (posting) => ({
    ...posting,
    title: `${posting.title} wanted`,
    description: posting.description.split(" ").slice(0, 90).join(" "),
  }),
];

const wordOf = (random: () => number): string => `w${Math.floor(WORDS * random() ** 2).toString(36)}`;

const textOf = (seed: number, words: number): string => {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: words }, () => wordOf(next)).join(" ");
};

/**
 * Postings of companies, each with 60 words about itself and 80 about the role, the same in every city. A
 * quarter are copies of an earlier posting. Near misses are in it: the same text in another city, another
 * level, another role of the company.
 */
export function* planPostings(count: number, random: () => number): Generator<PlannedPosting> {
  const recent: PlannedPosting[] = [];
  const openings = new Map<string, number>();
  for (let n = 0; n < count; n++) {
    const original = recent[Math.floor(random() * recent.length)];
    if (original !== undefined && random() < COPY_SHARE) {
      const change = CHANGES[Math.floor(random() ** 2 * CHANGES.length)] as Change;
      yield change(original, random);
      continue;
    }
    const posting = newOpening(n, random, openings);
    recent[n % 10_000] = posting;
    yield posting;
  }
}

/** Postings with the same title, company and city are the same opening. */
function newOpening(n: number, random: () => number, openings: Map<string, number>): PlannedPosting {
  const company = Math.floor(COMPANIES * random() ** 2);
  const role = Math.floor(random() * ROLES.length);
  const level = Math.floor(random() * LEVELS.length);
  const city = Math.floor(random() * CITIES.length);
  const key = `${company}:${role}:${level}:${city}`;
  const opening = openings.get(key) ?? n;
  openings.set(key, opening);
  return {
    opening,
    title: `${LEVELS[level]}${ROLES[role]}`,
    company: `Company ${company.toString(36)}`,
    location: `${CITIES[city]}, Europe`,
    remoteType: null,
    description: `${textOf(company, 60)} ${textOf(company * 1_000 + role * 10 + level, 80)}`,
  };
}
