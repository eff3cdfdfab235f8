import { describe, expect, it } from "vitest";
import {
  indexPostings,
  type RangeInput,
  recommendToUsers,
  textsOfPostings,
  textsOfUsers,
  weighSkills,
} from "../../../src/postings/recommend/recommend.task.ts";
import { joinVectors } from "../../../src/scoring/postings/recommend/cosine.ts";

const AT = Date.parse("2026-06-02T07:00:00Z");

const postingRow = (id: number) => ({
  id,
  cluster: null,
  title: "Python Developer",
  company: "Acme",
  description: "Python and Docker",
  isRemote: false,
  salaryMin: null,
  salaryMax: null,
  salaryCurrency: null,
  salaryPeriod: null,
  postedAt: AT,
  scrapedAt: AT,
});

const userRow = (id: number, embeddingsAllowed = true) => ({
  id,
  name: "Ada",
  embeddingsAllowed,
  parsedContent: { skills: ["python", "docker"], job_title: "Python Developer" },
  rawText: null,
  profile: null,
  hidden: [],
  dismissals: [],
  liked: [],
  seen: [],
  hasUnreadText: false,
  isUnchanged: false,
});

describe("tasks of recommendations", () => {
  it("give the texts that are sent, without users who send none", () => {
    expect(textsOfPostings(JSON.stringify([postingRow(7)]))).toEqual([
      { id: 7, text: "python developer\nPython, Docker\nPython and Docker" },
    ]);
    expect(textsOfUsers(JSON.stringify([userRow(1), userRow(2, false)]))).toEqual([
      { id: 1, text: "python developer\nDocker, Python" },
    ]);
  });

  it("score with embeddings only users with a vector of the same model, who allow it", () => {
    const index = indexPostings([JSON.stringify([postingRow(1), postingRow(3)])]);
    const input: RangeInput = {
      key: "with embeddings",
      index,
      rarity: weighSkills(index),
      users: JSON.stringify([userRow(1), userRow(2), userRow(3), userRow(4, false)]),
      asOf: AT,
      vectors: {
        postings: joinVectors([Float32Array.of(1, 0), Float32Array.of(0, 1)])!,
        users: new Map([
          [1, Float32Array.of(0, 2)],
          [2, Float32Array.of(1, 1, 1)],
          [4, Float32Array.of(1, 0)],
        ]),
      },
    };
    const { lists, semanticLists, failures } = recommendToUsers(input);
    expect(failures).toEqual([]);
    expect([...semanticLists.userIds]).toEqual([1]);
    expect([...lists.userIds]).toEqual([2, 3, 4]);
    // The posting whose vector points where the user's does comes first, by the weight of the cosine.
    expect([...semanticLists.postingIds]).toEqual([3, 1]);
    expect(semanticLists.scores[0]! - semanticLists.scores[1]!).toBeCloseTo(0.4, 12);
  });
});
