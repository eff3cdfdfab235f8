import { describe, expect, it } from "vitest";
import {
  type EmbeddedUserRow,
  MAX_EMBEDDED,
  postingText,
  scrubText,
  userText,
} from "../../../../src/scoring/postings/recommend/embedding-text.ts";

const user = (fields: Partial<EmbeddedUserRow> = {}): EmbeddedUserRow => ({
  id: 1,
  name: "Ada Lovelace",
  embeddingsAllowed: true,
  parsedContent: {},
  rawText: null,
  profile: null,
  hidden: [],
  dismissals: [],
  liked: [],
  seen: [],
  ...fields,
});

describe("the text that is sent of a user", () => {
  it("is the titles, the skills and the summary", () => {
    const parsedContent = {
      skills: ["js", "postgres"],
      job_title: "Senior Data Engineer",
      summary: "builds reliable pipelines for hospitals. likes Python and small teams",
    };
    expect(userText(user({ parsedContent }))).toBe(
      "senior data engineer\nJavaScript, PostgreSQL\nbuilds reliable pipelines for hospitals. likes Python and small teams",
    );
  });

  it("holds no names, addresses, numbers or dates of birth, in whatever case they are written", () => {
    const parsedContent = {
      full_name: "Ada Lovelace",
      address: { street: "main street", city: "springfield" },
      job_title: "Engineer 4711 Lovelace",
      skills: ["Python"],
      summary: [
        "Ada Lovelace, born 10 December 1815 in London, builds engines.",
        "ada lovelace works at Babbage & Co since 1833 and mentors students",
        "reach me at ada.lovelace@example.org or https://ada.example or www.ada.example",
        "call +44 20 7946.0958 at night",
        "lives in 12 main street springfield",
        "my DOB is known",
        "über-ADA und Ｌｏｖｅｌａｃｅ",
        "我叫王小明 и Иван Петров",
      ].join("\n"),
    };
    const text = userText(user({ parsedContent }));
    expect(text).toBe(
      ["engineer", "Python", "works at since and mentors students. reach me at or or. lives in. und. и"].join(
        "\n",
      ),
    );
  });

  it("is empty for a user who does not allow it, or about whom nothing is known", () => {
    const parsedContent = { skills: ["Python"], summary: "builds things" };
    expect(userText(user({ parsedContent, embeddingsAllowed: false }))).toBe("");
    expect(userText(user({ rawText: "nothing that is a skill" }))).toBe("");
  });

  it("never is the text of the CV, and is bounded", () => {
    const rawText = "Python developer who secretly likes silence";
    expect(userText(user({ rawText }))).toBe("Python");
    const parsedContent = { summary: "words ".repeat(100_000), skills: Array(5_000).fill("python") };
    expect(userText(user({ parsedContent })).length).toBeLessThanOrEqual(MAX_EMBEDDED);
  });
});

describe("the text that is sent of a posting", () => {
  it("is its title, its skills and its description, without contact persons", () => {
    const text = postingText({
      id: 1,
      cluster: null,
      title: "Python Developer (Req. 8812)",
      company: "Acme",
      description: "You build services in Python.\nContact Jane Roe, jane@acme.example, +1 555 0100 200",
      isRemote: false,
      salaryMin: null,
      salaryMax: null,
      salaryCurrency: null,
      salaryPeriod: null,
      postedAt: 0,
      scrapedAt: 0,
    });
    expect(text).toBe("python developer req\nPython\nbuild services in Python");
  });

  it("takes time that is linear in the text", () => {
    const hostile = ["@".repeat(50_000), "://".repeat(20_000), "a".repeat(50_000), "www.".repeat(20_000)];
    for (const text of hostile) expect(scrubText(text).length).toBeLessThan(9_000);
  });
});
