import { describe, expect, it } from "vitest";
import { kindOf } from "../../../src/email/render/kinds.ts";
import { renderSample, SAMPLE_NAMES } from "../../../src/http/admin/email-samples.ts";
import { NOTIFICATION_TYPES } from "../../../src/notifications/index.ts";

const occurrences = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;

describe("the samples", () => {
  it("have every type that is mailed, each with words of its own", () => {
    for (const type of NOTIFICATION_TYPES) {
      const { type: name } = type.event;
      if (SAMPLE_NAMES.includes(name)) expect(kindOf(name).section, name).not.toBe(kindOf("").section);
      else expect(type.emailKind({ payload: {} } as never), name).toBeNull();
    }
  });

  it("say what the types say", () => {
    expect(renderSample("calendar.action_required", "https://x.test")?.subject).toBe(
      "Connect Google Calendar again",
    );
    expect(renderSample("candidate.matched", "https://x.test")?.text).toContain(
      "Your skills are a 92% match for Open Library & Café. What you bring: Carpentry, Book repair, C++.",
    );
    expect(renderSample("budget.awarded", "https://x.test")?.text).toContain("that began Mar 2, 2026 brings");
  });

  it("there is none of an unknown name", () => {
    for (const name of ["nothing", "chat_message_sent", "constructor"])
      expect(renderSample(name, "https://x.test")).toBeUndefined();
  });
});

describe.each(SAMPLE_NAMES)("%s", (name) => {
  const letter = renderSample(name, "https://x.test")!;

  it("is complete, with one button", () => {
    expect(letter.subject).not.toBe("");
    expect(letter.text).toMatch(/^Hello Ada,/);
    expect(letter.html + letter.text).not.toMatch(/undefined|null|NaN|\[object/);
    expect(occurrences(letter.html, /class="button"/g)).toBe(1);
    expect(occurrences(letter.html, /v:roundrect xmlns/g)).toBe(1);
    for (const [, href] of letter.html.matchAll(/href="([^"]*)"/g))
      expect(href).toMatch(/^https:\/\/x\.test\//);
  });

  it("is written in what Gmail and Outlook understand", () => {
    const { html } = letter;
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain("prefers-color-scheme: dark");
    expect(html).not.toMatch(/<script|<link|<img|display:\s*(flex|grid)|background-image|url\(/);
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    // Word gives room around cells alone.
    expect(html).not.toMatch(/<(p|div|h1|h2|span)[^>]*[";]padding/);
    expect(occurrences(html, /<table/g)).toBe(occurrences(html, /<table role="presentation"/g));
    for (const [, weight] of html.matchAll(/font-weight:(\d+)/g)) expect(Number(weight) % 100).toBe(0);
    // Gmail leaves out all of a style sheet with a rule inside of a rule, save those of one media query.
    for (const [, sheet = ""] of html.matchAll(/<style>([\s\S]*?)<\/style>/g))
      expect(occurrences(sheet, /@/g)).toBeLessThanOrEqual(1);
  });

  it("has a text twin of short lines", () => {
    expect(letter.text).not.toMatch(/[<][a-z/]|\*\*|&amp;|&#/);
    expect(letter.text.split("\n").filter((line) => line.trim() === "-- ".trim())).toHaveLength(1);
  });
});
