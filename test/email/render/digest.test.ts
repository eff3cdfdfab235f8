import { describe, expect, it } from "vitest";
import { HTML_ITEMS, renderDigest } from "../../../src/email/render/digest.ts";
import { type Item, renderItem } from "../../../src/email/render/email.ts";
import { documents, item, LIBRARY, occurrences, recipient } from "../../support/email-items.ts";

describe("a digest", () => {
  it("with one item is the e-mail about it", () => {
    const [one] = documents(1);
    expect(renderDigest({ cadence: "hourly", items: [one!] }, recipient)).toEqual(
      renderItem(one!, recipient),
    );
  });

  it("groups by project, then by type, with items without a project last", () => {
    const items = [
      item("Award", { eventType: "budget.awarded", project: null }),
      item("A", {}),
      item("B", { project: LIBRARY }),
      item("Thread", { eventType: "thread_unread_stale" }),
      item("C", {}),
    ];
    const { text, subject } = renderDigest({ cadence: "daily", items }, recipient);
    const places = [
      "Gardens",
      "Documents",
      "* A",
      "* C",
      "Unread conversations",
      "* Thread",
      "Library",
      "* B",
      "For you",
      "Awards",
    ];
    const found = places.map((place) => text.indexOf(place));
    expect(found).not.toContain(-1);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
    expect(subject).toBe("5 updates in 2 projects and more");
  });

  it.each([
    ["document_uploaded", 5],
    ["thread_unread_stale", 3],
  ])("shows ten items of %s in HTML and %i in text, then the number of the others", (eventType, inText) => {
    const exactly = renderDigest({ cadence: "hourly", items: documents(inText, { eventType }) }, recipient);
    expect(exactly.text).not.toContain("more\n");
    const ten = renderDigest({ cadence: "hourly", items: documents(HTML_ITEMS, { eventType }) }, recipient);
    expect(ten.html).not.toMatch(/and \d+ more/);
    const { html, text } = renderDigest(
      { cadence: "hourly", items: documents(13, { eventType }) },
      recipient,
    );
    expect(occurrences(html, />Document \d+\.<\/strong>/g)).toBe(10);
    expect(html).toContain("and 3 more");
    expect(occurrences(text, /^\* Document/gm)).toBe(inText);
    expect(text).toContain(`and ${13 - inText} more`);
  });

  it("stays below the size at which Gmail clips, whatever the number of items", () => {
    const items = Array.from({ length: 40 }, (_, p) =>
      ["document_uploaded", "thread_unread_stale"].flatMap((eventType) =>
        documents(12, {
          eventType,
          project: { id: String(p), name: `Project ${p}` },
          body: "A longer text. ".repeat(20),
        }),
      ),
    ).flat();
    const { html } = renderDigest({ cadence: "weekly", items }, recipient);
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    const [, left, projects] = /and (\d+) more in (\d+) other projects/.exec(html)!;
    expect(Number(left)).toBe(Number(projects) * 24);
    expect(occurrences(html, /<h2/g)).toBe(40 - Number(projects));
  });

  it("stays below that size in every script, and if one project has all items", () => {
    const types = Array.from({ length: 20 }, (_, n) => `type.${n}`);
    const items = types.flatMap((eventType) =>
      documents(12, { eventType, body: "**庭園**の新しい計画".repeat(30) }),
    );
    const { html } = renderDigest({ cadence: "weekly", items }, recipient);
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    expect(occurrences(html, /<h2/g)).toBe(1);
    expect(html).toContain("and 11 more");
    expect(html).not.toContain("other project");
  });

  it("names what its link stops: e-mail of one type, or all", () => {
    const [one] = documents(1);
    const foot = (items: Item[]) =>
      renderDigest({ cadence: "daily", items }, recipient).text.split("\n").at(-2);
    expect(foot(documents(2))).toMatch(/^Unsubscribe from e-mail about new documents: /);
    expect(foot([one!, item("Award", { eventType: "budget.awarded" })])).toMatch(
      /^Unsubscribe from all e-mail: /,
    );
  });

  it("keeps the number in a shortened subject, and does not split characters", () => {
    const items = [item("👩‍👩‍👧".repeat(100)), ...documents(2)];
    const { subject } = renderDigest({ cadence: "hourly", items }, recipient, "headline");
    expect(subject).toMatch(/^(👩‍👩‍👧){10,}… and 2 more$/u);
  });

  it("has two variants of its subject", () => {
    const items = documents(3);
    expect(renderDigest({ cadence: "hourly", items }, recipient, "count").subject).toBe(
      "3 updates in Gardens",
    );
    expect(renderDigest({ cadence: "hourly", items }, recipient, "headline").subject).toBe(
      "Document 1. and 2 more",
    );
  });
});
