import {
  type Rarity,
  type RecommendPosting,
  type RecommendUser,
  rarityTotal,
} from "../scoring/postings/recommend/facts.ts";
import {
  RECOMMEND_LIMITS,
  RECOMMEND_WEIGHTS,
  type ScoreTerms,
  sharedSkills,
} from "../scoring/postings/recommend/score-posting.ts";
import { SKILLS } from "../scoring/postings/skills/vocabulary.ts";
import { type Step, step } from "./explanation.ts";

/** How the score of a pair follows from its facts: each share, each factor, and the sum. */
export function scoreSteps(
  user: RecommendUser,
  posting: RecommendPosting,
  rarity: Rarity,
  { terms, score }: { readonly terms: ScoreTerms; readonly score: number },
): Step[] {
  return [
    ...skillSteps(user, posting, rarity, terms),
    step("title", titleText(user, posting, terms)),
    ...(terms.semantic === null ? bonusSteps(terms) : semanticSteps(terms)),
    ...factorSteps(terms),
    step("score", scoreText(terms, score)),
  ];
}

const percent = (score: number): string => `${(score * 100).toFixed(1)} %`;
const short = (value: number): string => String(Math.round(value * 10_000) / 10_000);

function skillSteps(
  user: RecommendUser,
  posting: RecommendPosting,
  rarity: Rarity,
  terms: ScoreTerms,
): Step[] {
  const matched = sharedSkills(user.skills, posting.skills);
  const named = (skills: readonly number[]) =>
    skills.map((skill) => `${SKILLS[skill]?.name} ${rarity[skill]}`).join(", ");
  const missing = posting.skills.filter((skill) => !matched.includes(skill));
  if (matched.length === 0) return [step("skills", "0: none of the posting's is one of the user's")];
  const [own, required, all] = [matched, posting.skills, user.skills].map((skills) =>
    rarityTotal(skills, rarity),
  );
  const { missingSkill, extraSkill, skillSmoothing } = RECOMMEND_LIMITS;
  return [
    step("matched", `${named(matched)}: weights by rarity, together ${own}`),
    ...(missing.length === 0 ? [] : [step("missing", named(missing))]),
    step(
      "skills",
      `${own} / (${own} + ${missingSkill} x ${(required as number) - (own as number)} missing` +
        ` + ${extraSkill} x ${(all as number) - (own as number)} others of the user + ${skillSmoothing}) = ${short(terms.skills)}`,
    ),
  ];
}

function titleText(
  { targets }: RecommendUser,
  { roleWords }: RecommendPosting,
  { title }: ScoreTerms,
): string {
  if (targets.length === 0) return "0: the user states no title";
  const wanted = targets.map((words) => words.join(" ")).join(", ");
  return `${short(title)} of the role words of the best of: ${wanted}; the posting's are: ${roleWords.join(" ")}`;
}

const bonusSteps = ({ remote, seniority }: ScoreTerms): Step[] => [
  step("remote", remote ? "wanted and offered" : "not both wanted and offered"),
  step("level", seniority ? "the user's level is in the title" : "the user's level is not in the title"),
];

const semanticSteps = ({ semantic, interest }: ScoreTerms): Step[] => [
  step("semantic", `${short(semantic ?? 0)}: cosine of the embeddings of both texts`),
  step("interest", `${short(interest)} of its role words are in postings that the user saved or applied for`),
];

const FRESHNESS = ["up to 48 hours old", "up to 7 days old", "older than 7 days"] as const;

/** The factors that lower the score; empty if there are none. */
function factorSteps(terms: ScoreTerms): Step[] {
  const limits = RECOMMEND_LIMITS;
  const factors: [boolean, string, number | undefined][] = [
    [terms.semantic === null, FRESHNESS[terms.freshness], limits.freshness[terms.freshness]],
    [terms.belowSalary, "pays less than the user wants", limits.belowSalary],
    [terms.missesStack, "its title names a skill that the user lacks", limits.missesStack],
    [
      terms.dismissedCompany > 0,
      `${terms.dismissedCompany} dismissals of the company in the last 90 days`,
      limits.dismissedCompany[terms.dismissedCompany],
    ],
    [
      terms.dismissedWords > 0,
      `${terms.dismissedWords} of its role words are in dismissed titles`,
      limits.dismissedWords[terms.dismissedWords],
    ],
    [
      terms.seenDays >= limits.seen.fromDay,
      `seen on ${terms.seenDays} days without a click`,
      limits.seen.factor,
    ],
  ];
  return factors
    .filter(([applies]) => applies)
    .map(([, why, factor]) => step("factor", `${why}: x ${factor}`));
}

function scoreText(terms: ScoreTerms, score: number): string {
  const limits = RECOMMEND_LIMITS;
  const result = `${score}, shown as ${percent(score)}`;
  const below = score < limits.minimum ? `; less than ${limits.minimum} is not recommended` : "";
  if (terms.semantic !== null) {
    const w = RECOMMEND_WEIGHTS.semantic;
    const fresh = limits.freshness[terms.freshness];
    return (
      `${w.semantic} x ${short(terms.semantic)} + ${w.title} x ${short(terms.title)} + ${w.skills} x ${short(terms.skills)}` +
      ` + ${w.freshness} x ${fresh} + ${w.interest} x ${short(terms.interest)}, times the other factors = ${result}${below}`
    );
  }
  const w = RECOMMEND_WEIGHTS.keywords;
  return (
    `(${w.skills} x ${short(terms.skills)} + ${w.title} x ${short(terms.title)}` +
    `${terms.remote ? ` + ${w.remote}` : ""}${terms.seniority ? ` + ${w.seniority}` : ""}), times the factors = ${result}${below}`
  );
}
