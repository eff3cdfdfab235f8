import { matchSkills } from "../../src/scoring/postings/skills/match-skills.ts";
import { matchSkillsByTree } from "../../src/scoring/postings/skills/skill-tree.ts";
import { skillNamed } from "../../src/scoring/postings/skills/vocabulary.ts";
import { type Bench, type BenchContext, type Figure, measure } from "./bench.ts";
import { planPostingRows } from "./recommendation-data.ts";
import { readTable } from "./table-file.ts";

const TEXTS = 20_000;
/** Until the code is compiled by V8 it is slower than it will be. */
const WARM_UP = 10_000;

/** How much of other lists of skills the vocabulary knows, and how fast texts are read. */
export const vocabulary: Bench = {
  name: "vocabulary",
  servers: false,
  describe: ({ scale }) =>
    `the skills and aliases of skills.tsv and the names of technology-skills.tsv, looked up; skills found in ${TEXTS * scale} postings of 100 words, and by the reference. Needs --data <folder>.`,
  async run(context) {
    await measure(context, async () => [...speeds(context), ...lookUps(context)]);
  },
};

function speeds({ scale }: BenchContext): Figure[] {
  const span = { firstId: 1, fromMs: 0, toMs: 0 };
  const texts = planPostingRows(Math.round(TEXTS * scale), span).map(({ description }) => description);
  return [
    { figure: "skills found in texts", unit: "MB/s", value: speedOf(matchSkills, texts) },
    { figure: "skills found by the reference", unit: "MB/s", value: speedOf(matchSkillsByTree, texts) },
  ];
}

function speedOf(match: (text: string) => number[], texts: readonly string[]): number {
  for (const text of texts.slice(0, WARM_UP)) match(text);
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const startedAt = performance.now();
  for (const text of texts) match(text);
  return bytes / 1e6 / ((performance.now() - startedAt) / 1_000);
}

function lookUps({ data }: BenchContext): Figure[] {
  if (data === null) throw new Error("name the folder of the tables with --data");
  const skills = readTable(data, "skills.tsv").map(({ canonical = "", aliases = "" }) => ({
    skill: skillNamed(canonical),
    aliases: aliases.split("|").filter((alias) => alias !== ""),
  }));
  const known = skills.filter(({ skill }) => skill >= 0);
  const aliases = known.flatMap((each) =>
    each.aliases.map((alias) => ({ ...each, found: skillNamed(alias) })),
  );
  const found = aliases.filter((alias) => alias.found >= 0);
  const technologies = readTable(data, "technology-skills.tsv");
  const hot = technologies.filter(({ hot }) => hot === "Y");
  const share = (part: number, of: number, figure: string, unit: string): Figure => ({
    figure,
    unit,
    value: part / of,
  });
  const knownOf = (list: readonly Record<string, string>[]) =>
    list.filter(({ name = "" }) => matchSkills(name).length > 0).length;
  return [
    share(known.length, skills.length, "names of skills.tsv that are known", "of all"),
    share(found.length, aliases.length, "aliases of those that are known", "of all"),
    share(
      found.filter(({ skill, found }) => skill === found).length,
      found.length,
      "known aliases that stand for the same skill",
      "of known",
    ),
    share(knownOf(hot), hot.length, "hot technologies of O*NET in which a skill is found", "of all"),
    share(
      knownOf(technologies),
      technologies.length,
      "technologies of O*NET in which a skill is found",
      "of all",
    ),
  ];
}
