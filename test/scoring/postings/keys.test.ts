import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalLink } from "../../../src/scoring/postings/canonical-link.ts";
import { postingKeys } from "../../../src/scoring/postings/content-key.ts";
import { listingVerdict } from "../../../src/scoring/postings/listing-verdict.ts";

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

  it("is short enough for an index, and null where nothing can be told", () => {
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

describe("the canonical link", () => {
  it("is the same for copies of a link", () => {
    const links = [
      "https://www.acme.example/jobs/1/?utm_source=x&b=2&a=1#apply",
      "https://ACME.example/jobs/1?a=1&b=2&gh_src=7",
      "https://acme.example/jobs/1?b=2&a=1&lever-source=y&fbclid=z",
    ];
    expect(new Set(links.map(canonicalLink))).toEqual(new Set(["https://acme.example/jobs/1?a=1&b=2"]));
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "//acme.example",
    "https://u:p@acme.example/",
    "x".repeat(3_000),
    "",
  ])("is null for %s", (link) => expect(canonicalLink(link)).toBeNull());

  it("is stable: the canonical link of a canonical link is itself", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "grapheme" }), fc.boolean(), (path, query, isHttp) => {
        const link = canonicalLink(
          `http${isHttp ? "" : "s"}://www.Acme.example/${path}?a=${query}&utm_source=x#${path}`,
        );
        if (link !== null) expect(canonicalLink(link)).toBe(link);
      }),
    );
  });
});

describe("what a list says about what it does not contain", () => {
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
