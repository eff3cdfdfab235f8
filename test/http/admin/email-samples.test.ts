import { describe, expect, it } from "vitest";
import { EMAIL_TEXTS } from "../../../src/email/render/texts.ts";
import { renderSample, SAMPLE_NAMES } from "../../../src/http/admin/email-samples.ts";
import { LANGUAGES } from "../../../src/languages/index.ts";
import { phrasesIn } from "../../../src/languages/texts.ts";
import { NOTIFICATION_TYPES } from "../../../src/notifications/index.ts";

const occurrences = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;

describe("the samples", () => {
  it("include every type that is mailed", () => {
    const mailed = NOTIFICATION_TYPES.filter(({ email }) => email !== null).map(({ event }) => event.type);
    expect(SAMPLE_NAMES).toEqual(expect.arrayContaining(mailed));
  });

  it("have payloads that fit their types", () => {
    for (const { event, email } of NOTIFICATION_TYPES)
      if (email) expect(event.payload.parse(email.sample.payload), event.type).toEqual(email.sample.payload);
  });

  it("use the texts of the types", () => {
    expect(renderSample("calendar.action_required", "https://x.test")?.subject).toBe(
      "Reconnect Google Calendar",
    );
    expect(renderSample("candidate.matched", "https://x.test")?.text).toContain(
      "Your skills are a 92% match for Open Library & Café. Matching skills: Carpentry, Book repair, and C++.",
    );
    expect(renderSample("budget.awarded", "https://x.test")?.text).toContain(
      "that began Mar 2, 2026 and won",
    );
  });

  it("are the same in each language but for the texts", () => {
    const shapeOf = (html: string) => html.replaceAll(/>[^<]*</g, "><").replaceAll(/="[^"]*"/g, "");
    for (const [, name, language] of SAMPLES) {
      const email = renderSample(name, "https://x.test", language)!;
      const english = renderSample(name, "https://x.test")!;
      if (language.tag === "en") expect(email).toEqual(english);
      else expect(email.text).not.toBe(english.text);
      expect(shapeOf(email.html), name).toBe(shapeOf(english.html));
    }
  });

  it("do not exist for unknown names or types that are not mailed", () => {
    for (const name of ["nothing", "chat_message_sent", "constructor"])
      expect(renderSample(name, "https://x.test")).toBeUndefined();
  });
});

const SAMPLES = LANGUAGES.flatMap((language) =>
  SAMPLE_NAMES.map((name) => [language.tag, name, language] as const),
);

describe.each(SAMPLES)("in the language %s: %s", (tag, name, language) => {
  const email = renderSample(name, "https://x.test", language)!;

  it("is complete, with one button", () => {
    expect(email.subject).not.toBe("");
    const greeting = phrasesIn(language, EMAIL_TEXTS).plain("helloName", { name: "Ada" });
    expect(email.text.startsWith(`${greeting}\n`)).toBe(true);
    expect(email.html).toContain(`<html lang="${tag}" dir="${language.direction}"`);
    expect(email.html + email.text).not.toMatch(/undefined|null|NaN|\[object/);
    expect(occurrences(email.html, /class="button"/g)).toBe(1);
    expect(occurrences(email.html, /v:roundrect xmlns/g)).toBe(1);
    for (const [, href] of email.html.matchAll(/href="([^"]*)"/g))
      expect(href).toMatch(/^https:\/\/x\.test\//);
  });

  it("uses only HTML that Gmail and Outlook support", () => {
    const { html } = email;
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain("prefers-color-scheme: dark");
    expect(html).not.toMatch(/<script|<link|<img|display:\s*(flex|grid)|background-image|url\(/);
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    // Word respects padding on table cells only.
    expect(html).not.toMatch(/<(p|div|h1|h2|span)[^>]*[";]padding/);
    expect(occurrences(html, /<table/g)).toBe(occurrences(html, /<table role="presentation"/g));
    for (const [, weight] of html.matchAll(/font-weight:(\d+)/g)) expect(Number(weight) % 100).toBe(0);
    // Gmail drops a whole style sheet with nested rules, except those of one media query.
    for (const [, sheet = ""] of html.matchAll(/<style>([\s\S]*?)<\/style>/g))
      expect(occurrences(sheet, /@/g)).toBeLessThanOrEqual(1);
  });

  it("has a plain-text version", () => {
    expect(email.text).not.toMatch(/[<][a-z/]|\*\*|&amp;|&#/);
    expect(email.text.split("\n").filter((line) => line.trim() === "-- ".trim())).toHaveLength(1);
  });
});
