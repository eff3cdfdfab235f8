import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchSkills } from "../../../../src/scoring/postings/skills/match-skills.ts";
import { matchSkillsByTree } from "../../../../src/scoring/postings/skills/skill-tree.ts";
import { SKILLS, skillNamed } from "../../../../src/scoring/postings/skills/vocabulary.ts";

const named = (text: string) => matchSkills(text).map((skill) => SKILLS[skill]!.name);
const found = (name: string) => SKILLS[skillNamed(name)]?.name ?? null;

describe("skills named in a text", () => {
  it.each([
    ["We use C++, C# and F#.", ["C++", "C#", "F#"]],
    ["C++17 and .NET 8 on Windows Server", ["C++", ".NET", "Windows Server"]],
    ["ASP.NET/.NET Core developer", ["ASP.NET", ".NET"]],
    ["Node.js, NodeJS or node js?", ["Node.js"]],
    ["CI/CD, CI / CD, CICD", ["CI/CD"]],
    ["Backend in Go", ["Back-End Development", "Go"]],
    ["Experience with R, Python and SQL", ["R", "Python", "SQL"]],
    ["java script", ["JavaScript"]],
    ["React Native, React", ["React Native", "React"]],
    ["machine\nlearning", ["Machine Learning"]],
    ["Ｐｙｔｈｏｎ", ["Python"]],
    ["Postgres/MySQL", ["PostgreSQL", "MySQL"]],
    ["Objective-C", ["Objective-C"]],
    ["sales & marketing", ["Sales", "Marketing"]],
    ["python, go, excel", ["Python", "Go", "Microsoft Excel"]],
    ["Fluent in German and English, native French", ["German", "English", "French"]],
    ["English (C1)", ["English"]],
  ])("%s", (text, expected) => {
    expect(named(text)).toEqual(expected);
  });

  // Named regression 7.
  it.each([
    "substring skills: going, good, algorithmic, restful sleep, scalability of our rates",
    "We go to market and react swiftly to what clients express.",
    "You excel at talking. A swift reply is in order.",
    "R&D, C-level, Vitamin C, Plan B, category D",
    "Let's go! Go to our website. Rust never sleeps.",
    "Join Swift Carriers and drive for Swift Carriers",
    "A German company with French customers",
    "nodes, javanese, pythonic? cplus",
  ])("finds none in: %s", (text) => {
    expect(named(text)).toEqual([]);
  });

  it("finds ambiguous names beside a word that says what they are", () => {
    expect(named("Senior Go Developer")).toEqual(["Go"]);
    expect(named("senior go developer")).toEqual(["Go"]);
    expect(named("Swift engineer")).toEqual(["Swift"]);
    expect(named("strong knowledge of Excel")).toEqual(["Microsoft Excel"]);
    expect(named("Languages: Go, Rust, Swift")).toEqual(["Go", "Rust", "Swift"]);
  });

  it("reads a text up to 200,000 characters, whatever it holds", () => {
    expect(named(`${"x ".repeat(100_000)}Python`)).toEqual([]);
    expect(named("\ud800 \u0000 \u202e Python \udc00")).toEqual(["Python"]);
    expect(named("")).toEqual([]);
  });
});

describe("the scan of a text", () => {
  const spellings = SKILLS.flatMap(({ spellings }) => spellings.map(({ text }) => text));
  const shortOnes = spellings.filter((text) => text.length <= 4);
  const cased = (text: string) =>
    fc.constantFrom(text, text.toLowerCase(), text.toUpperCase(), text.replaceAll(" ", "-"), `.${text}`);
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...spellings).chain(cased) },
    { weight: 2, arbitrary: fc.constantFrom(...shortOnes).chain(cased) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        ..."developer in with and fluent speaker Swift Logistics dot net cafe café naïve ﬁne Ｇｏ C+ + # ..".split(
          " ",
        ),
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
  );
  const gap = fc.constantFrom(
    " ",
    " ",
    ", ",
    "/",
    "-",
    ".",
    ". ",
    "\n",
    " & ",
    "–",
    "\u0000",
    "",
    " (",
    ") ",
  );
  const text = fc.array(fc.tuple(piece, gap), { maxLength: 40 }).map((parts) => parts.flat().join(""));

  it("finds what the reference finds, word by word, in any text", () => {
    let found = 0;
    fc.assert(
      fc.property(text, (given) => {
        const skills = matchSkills(given);
        expect(skills).toEqual(matchSkillsByTree(given));
        found += skills.length;
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(300);
  });

  it("finds every spelling of the vocabulary where the reference does", () => {
    for (const spelling of spellings)
      for (const given of [
        spelling,
        `x ${spelling} developer`,
        `fluent in ${spelling}`,
        spelling.toLowerCase(),
      ])
        expect(matchSkills(given), given).toEqual(matchSkillsByTree(given));
  });

  it("reads a text of more words than the memory that texts share holds", () => {
    const long = `${"a ".repeat(20_000)}Python, ${"b+".repeat(20_000)} Docker`;
    expect(matchSkills(long)).toEqual(matchSkillsByTree(long));
    expect(named(long)).toEqual(["Python", "Docker"]);
    expect(named("Docker")).toEqual(["Docker"]);
  });
});

describe("a skill that was typed as one", () => {
  it.each([
    ["js", "JavaScript"],
    ["NODEJS", "Node.js"],
    ["node js", "Node.js"],
    ["golang", "Go"],
    ["go", "Go"],
    ["R", "R"],
    ["k8s", "Kubernetes"],
    ["MS Excel", "Microsoft Excel"],
    [".net", ".NET"],
    ["dotnet", ".NET"],
    ["research", null],
    ["", null],
  ])("%s is %s", (name, expected) => {
    expect(found(name)).toBe(expected);
  });
});

describe("the vocabulary", () => {
  it("has more than a thousand skills, of every kind", () => {
    expect(SKILLS.length).toBeGreaterThan(1_000);
    expect(new Set(SKILLS.map(({ kind }) => kind)).size).toBe(12);
  });

  it("gives each spelling to one skill, and each skill a key of its own", () => {
    for (const [index, { name, spellings }] of SKILLS.entries())
      for (const { text } of spellings) expect(skillNamed(text), `${name}: ${text}`).toBe(index);
    expect(new Set(SKILLS.map(({ key }) => key)).size).toBe(SKILLS.length);
    expect(SKILLS.every(({ key }) => key !== 0)).toBe(true);
  });
});
