import type { Rarity, RecommendPosting, RecommendUser } from "../../src/scoring/postings/recommend/facts.ts";
import { rarityIn } from "../../src/scoring/postings/recommend/recommend.ts";
import { scorePosting, termsOf } from "../../src/scoring/postings/recommend/score-posting.ts";
import { levelOf, roleWordsOf } from "../../src/scoring/postings/recommend/title.ts";
import type { Bench, BenchContext, Figure } from "./bench.ts";
import { ndcgAt, type Ranked, recallAt } from "./ranking-metrics.ts";
import { readTable } from "./table-file.ts";

const TYPICAL_SKILLS = 15;
const K = 10;

/** An occupation, as a person and as a posting. */
type Occupation = {
  readonly code: string;
  readonly user: RecommendUser;
  readonly posting: RecommendPosting;
};

type Data = {
  readonly occupations: readonly Occupation[];
  readonly related: ReadonlyMap<string, ReadonlySet<string>>;
  readonly rarity: Rarity;
};

/** Scores a person and a posting by something. */
type Method = (user: Occupation, posting: Occupation, data: Data) => number;

/** Whether what is recommended is what experts call related: O*NET, read from a folder. */
export const recommendQuality: Bench = {
  name: "recommend-quality",
  servers: false,
  describe: () =>
    `each rated occupation of O*NET is a person with its ${TYPICAL_SKILLS} most typical skills and its title; postings are the other occupations; ` +
    `right answers are the primary tiers of related occupations. Needs --data <folder>.`,
  async run(context) {
    const data = readData(folderOf(context));
    for (const [name, method] of Object.entries(methodsOf(context, data))) {
      for (const { figure, unit, value } of measureMethod(data, method))
        context.report({
          case: name === OURS ? "ours" : "baseline",
          figure: `${name}: ${figure}`,
          unit,
          median: value,
          min: value,
          max: value,
          runs: 1,
        });
    }
  },
};

function folderOf({ data }: BenchContext): string {
  if (data === null) throw new Error("name the folder of the tables with --data");
  return data;
}

const OURS = "the product's formula";

function methodsOf({ random }: BenchContext, { rarity }: Data): Record<string, Method> {
  const popularity = (posting: Occupation) =>
    posting.posting.skills.reduce((sum, skill) => sum - (rarity[skill] ?? 0), 0);
  const shared = (user: Occupation, posting: Occupation) =>
    posting.posting.skills.filter((skill) => user.user.skills.includes(skill)).length;
  const termsOfPair = (user: Occupation, posting: Occupation) =>
    termsOf(user.user, posting.posting, { rarity, asOf: 0, semantic: null });
  return {
    random: () => random(),
    popularity: (_, posting) => popularity(posting),
    jaccard: (user, posting) => shared(user, posting) / (2 * TYPICAL_SKILLS - shared(user, posting)),
    "the first formula": (user, posting) =>
      0.6 * Math.min(1, (shared(user, posting) * 0.1) / 0.6) + 0.3 * termsOfPair(user, posting).title,
    "skills alone": (user, posting) => termsOfPair(user, posting).skills,
    "title alone": (user, posting) => termsOfPair(user, posting).title,
    [OURS]: (user, posting) =>
      scorePosting(user.user, posting.posting, { rarity, asOf: 0, semantic: null })?.score ?? 0,
  };
}

function measureMethod(data: Data, method: Method): Figure[] {
  const { occupations, related } = data;
  let ndcg = 0;
  let recall = 0;
  const recommended = new Set<string>();
  for (const user of occupations) {
    const right = related.get(user.code);
    const ranked: (Ranked & { code: string })[] = occupations
      .filter((posting) => posting !== user)
      .map((posting) => ({
        code: posting.code,
        score: method(user, posting, data),
        isRelevant: right?.has(posting.code) ?? false,
      }));
    ndcg += ndcgAt(ranked, K);
    recall += recallAt(ranked, K);
    for (const { code } of ranked.sort((a, b) => b.score - a.score).slice(0, K)) recommended.add(code);
  }
  return [
    { figure: `NDCG@${K}`, unit: "", value: round(ndcg / occupations.length) },
    { figure: `recall@${K}`, unit: "", value: round(recall / occupations.length) },
    { figure: "coverage", unit: "of postings", value: round(recommended.size / occupations.length) },
  ];
}

const round = (value: number): number => Number(value.toFixed(4));

function readData(folder: string): Data {
  const titles = new Map(
    readTable(folder, "occupations.tsv").map(({ code = "", title = "" }) => [code, title]),
  );
  const rated = readTable(folder, "occupation-skills.tsv");
  const names = Object.keys(rated[0] ?? {}).filter((name) => name !== "code");
  const deviations = standardize(rated.map((row) => names.map((name) => Number(row[name]))));
  const occupations = rated.map(({ code = "" }, n) => {
    const skills = (deviations[n] ?? [])
      .map((z, skill) => ({ z, skill }))
      .sort((a, b) => b.z - a.z || a.skill - b.skill)
      .slice(0, TYPICAL_SKILLS)
      .map(({ skill }) => skill)
      .sort((a, b) => a - b);
    return occupationOf(code, titles.get(code) ?? code, skills, n);
  });
  const known = new Set(occupations.map(({ code }) => code));
  const related = new Map<string, Set<string>>();
  for (const { code = "", related_code = "", tier = "" } of readTable(folder, "related-occupations.tsv")) {
    if (!tier.startsWith("primary") || !known.has(related_code)) continue;
    const right = related.get(code) ?? new Set();
    related.set(code, right.add(related_code));
  }
  return {
    occupations,
    related,
    rarity: rarityIn(
      occupations.map(({ posting }) => posting),
      names.length,
    ),
  };
}

/** Each column in standard deviations from its mean. */
function standardize(rows: readonly (readonly number[])[]): number[][] {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] as number));
  const scales = columns.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return { mean, deviation };
  });
  return rows.map((row) =>
    row.map((value, column) => {
      const { mean = 0, deviation = 1 } = scales[column] ?? {};
      return (value - mean) / deviation;
    }),
  );
}

function occupationOf(code: string, title: string, skills: readonly number[], n: number): Occupation {
  const roleWords = roleWordsOf(title);
  const user: RecommendUser = {
    id: n + 1,
    skills,
    targets: [roleWords],
    level: levelOf(title),
    wantsRemote: false,
    remoteOnly: false,
    salary: null,
    excludedKeywords: [],
    blacklist: new Set(),
    freshnessDays: 30,
    hidden: new Set(),
    dismissedCompanies: new Map(),
    dismissedWords: new Set(),
    seenDays: new Map(),
    interests: new Set(),
  };
  const posting: RecommendPosting = {
    id: n + 1,
    cluster: null,
    company: code,
    skills,
    stack: [],
    roleWords,
    level: levelOf(title),
    textWords: [],
    isRemote: false,
    salary: null,
    postedAt: 0,
    scrapedAt: 0,
  };
  return { code, user, posting };
}
