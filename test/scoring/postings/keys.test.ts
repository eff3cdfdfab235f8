import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { postingKeys } from "../../../src/scoring/postings/content-key.ts";
import { listingVerdict } from "../../../src/scoring/postings/listing-verdict.ts";
import { linkKey, linkSpellings, postingLink } from "../../../src/scoring/postings/posting-link.ts";

const keyOf = (
  title: string,
  company: string,
  location: string | null = null,
  remoteType: string | null = null,
) => postingKeys({ title, company, location, remoteType }).content;

describe("the content key", () => {
  it.each([
    ["legal form, case and accents", ["Café-Manager", "Möwe GmbH", "Köln"], ["cafe manager", "MOWE", "koln"]],
    ["gender marks", ["Pflegefachkraft (m/w/d)", "A", "Bonn"], ["Pflegefachkraft", "A", "Bonn"]],
    ["words for the level", ["Sr. Engineer II", "A", "Bonn"], ["Senior Engineer 2", "A", "Bonn"]],
    [
      "place and workplace in the title",
      ["Engineer - Berlin (Hybrid)", "A", "Berlin, Germany"],
      ["Engineer", "A", "Berlin"],
    ],
    ["requisition numbers", ["Engineer REQ-1234 #77", "A", "Bonn"], ["Engineer", "A", "Bonn"]],
    ["order of the places", ["Engineer", "A", "Berlin; Munich"], ["Engineer", "A", "Munich, DE | Berlin"]],
  ] as const)("ignores %s", (_what, [title, company, location], [sameTitle, sameCompany, sameLocation]) => {
    expect(keyOf(title, company, location)).toBe(keyOf(sameTitle, sameCompany, sameLocation));
  });

  it("tells apart levels, companies and cities", () => {
    const keys = [
      keyOf("Engineer", "Acme", "Berlin"),
      keyOf("Senior Engineer", "Acme", "Berlin"),
      keyOf("Junior Engineer", "Acme", "Berlin"),
      keyOf("Engineer", "Acme Labs", "Berlin"),
      keyOf("Engineer", "Acme", "Hamburg"),
      keyOf("Engineer", "Acme", null, "remote"),
      keyOf("Engineer", "Acme"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("tells apart languages whose names differ by signs", () => {
    const titles = [
      "C Developer",
      "C++ Developer",
      "C# Developer",
      "F# Developer",
      "Developer C++17",
      "R Developer",
    ];
    expect(new Set(titles.map((title) => keyOf(title, "Acme"))).size).toBe(titles.length);
    expect(keyOf("Engineer #77", "Acme")).toBe(keyOf("Engineer", "Acme"));
  });

  it("is short enough for an index, and null without company or title", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.option(fc.string()), (title, company, location) => {
        const key = keyOf(title, company, location);
        if (key !== null) expect(key.length).toBeLessThanOrEqual(500);
      }),
    );
    expect(keyOf("!!!", "Acme")).toBeNull();
    expect(keyOf("Engineer", "...")).toBeNull();
  });
});

const keyOfLink = (written: string): string | null => {
  const link = postingLink(written);
  return link && linkKey(link);
};

describe("the link of a posting", () => {
  const copies = [
    "https://www.acme.example/jobs/1/?utm_source=x&b=2&a=1#apply",
    "https://ACME.example/jobs/1?a=1&b=2&gh_src=7&ref=board",
    "https://acme.example/jobs/1?b=2&a=1&lever-source=y&fbclid=z&source=LinkedIn",
  ];

  it("has the same key in all copies", () => {
    expect(new Set(copies.map(keyOfLink))).toEqual(new Set(["https://acme.example/jobs/1?a=1&b=2"]));
  });

  it("leads to the page of its source: host and path are unchanged", () => {
    expect(copies.map(postingLink)).toEqual([
      "https://www.acme.example/jobs/1/?a=1&b=2",
      "https://acme.example/jobs/1?a=1&b=2",
      "https://acme.example/jobs/1?a=1&b=2",
    ]);
  });

  it.each([
    [
      "a route of a single-page site",
      "https://acme.example/careers#/jobs/baker",
      "https://acme.example/careers#/jobs/cook",
    ],
    [
      "a fragment with a number",
      "https://acme.example/careers#job-17",
      "https://acme.example/careers#job-18",
    ],
    ["a reference", "https://acme.example/job?ref=R-1017", "https://acme.example/job?ref=R-1018"],
    ["a source with a number", "https://acme.example/job?src=17", "https://acme.example/job?src=18"],
  ])("is one of its own where postings differ by %s", (_what, a, b) => {
    expect(keyOfLink(a)).not.toBe(keyOfLink(b));
    expect(postingLink(a)).toBe(a);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "//acme.example",
    "https://u:p@acme.example/",
    "x".repeat(3_000),
    "",
  ])("is null for %s", (link) => expect(postingLink(link)).toBeNull());

  it("is stable, and one of the spellings that have its key", () => {
    const host = fc.constantFrom("www.Acme.example", "acme.example", "localhost:8080", "[::1]", "10.0.0.1");
    fc.assert(
      fc.property(
        host,
        fc.string(),
        fc.string({ unit: "grapheme" }),
        fc.string(),
        (name, path, query, hash) => {
          const link = postingLink(`https://${name}/${path}?a=${query}&utm_source=x#${hash}`);
          if (link === null) return;
          expect(postingLink(link)).toBe(link);
          const spellings = linkSpellings(link);
          expect(spellings).toContain(link);
          expect(new Set(spellings.map(linkKey))).toEqual(new Set([linkKey(link)]));
          for (const spelling of spellings) expect(spelling.length).toBeLessThanOrEqual(2_000);
        },
      ),
    );
  });
});

describe("the verdict of a list on postings that it does not contain", () => {
  const now = new Date("2026-06-20T06:00:00Z");
  it.each([
    [null, 0, null, "complete"],
    [100, 50, null, "complete"],
    [100, 49, null, "shrunk"],
    [1, 0, null, "shrunk"],
    [100, 0, new Date("2026-06-07T06:00:01Z"), "shrunk"],
    [100, 0, new Date("2026-06-06T06:00:00Z"), "complete"],
  ] as const)("after %s postings, %s: shrunk since %s is %s", (previous, found, shrunkSince, verdict) => {
    expect(listingVerdict({ previous, found, shrunkSince, now })).toBe(verdict);
  });
});
