import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HTML_ITEMS, renderDigest } from "../../../src/email/render/digest.ts";
import { COLOURS, DARK } from "../../../src/email/render/layout.ts";
import { type Item, type Recipient, renderItem } from "../../../src/email/render/letters.ts";
import { markdownToHtml, markdownToText } from "../../../src/email/render/markdown.ts";

const recipient: Recipient = {
  name: "Ada",
  homeUrl: "https://x.test/notifications",
  preferencesUrl: "https://x.test/settings",
  unsubscribeUrl: "https://x.test/unsubscribe/abc",
};

const GARDENS = { id: "1", name: "Gardens" };
const LIBRARY = { id: "2", name: "Library" };

const item = (title: string, fields: Partial<Item> = {}): Item => ({
  eventType: "document_uploaded",
  title,
  body: "",
  url: "https://x.test/projects/1",
  project: GARDENS,
  ...fields,
});

const documents = (count: number, fields: Partial<Item> = {}) =>
  Array.from({ length: count }, (_, n) => item(`Document ${n + 1}.`, fields));

const occurrences = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;

describe("a letter about one thing", () => {
  it("has the title as its subject, one button, a reason, and a way out", () => {
    const letter = renderItem(item("Ines added plan.pdf", { body: "Have a look." }), recipient);
    expect(letter.subject).toBe("Ines added plan.pdf");
    expect(occurrences(letter.html, /class="button"/g)).toBe(1);
    expect(letter.html).toContain("You get this because you can see this document.");
    expect(letter.html).toContain('href="https://x.test/unsubscribe/abc"');
    expect(letter.text).toBe(
      `Hello Ada,

Ines added plan.pdf

Have a look.

Open the document: https://x.test/projects/1

-- 
You get this because you can see this document.
Choose what you get: https://x.test/settings
No more e-mail about new documents: https://x.test/unsubscribe/abc
`,
    );
  });

  it("offers no way out of what must be sent", () => {
    const letter = renderItem(item("x", { eventType: "calendar.action_required" }), {
      ...recipient,
      unsubscribeUrl: null,
    });
    expect(letter.html + letter.text).not.toMatch(/unsubscribe|No more/);
  });

  it("shows the beginning in a list of letters, and nothing of its foot", () => {
    const { html } = renderItem(item("Title", { body: "What it says." }), recipient);
    expect(html).toMatch(/mso-hide:all;">What it says\.(&#847;&zwnj;&nbsp;){60}<\/div>/);
  });

  it("a type without words of its own is told in general ones", () => {
    expect(renderItem(item("x", { eventType: "brand.new" }), recipient).text).toContain(
      "Open: https://x.test",
    );
  });

  it("keeps a subject to one line of a bearable length", () => {
    expect(renderItem(item("a\nb\r\nc"), recipient).subject).toBe("a b c");
    expect(renderItem(item("x".repeat(500)), recipient).subject).toHaveLength(120);
  });

  it("stays short whatever is told, and its beginning in a list too", () => {
    const { html } = renderItem(item("word ".repeat(9_000), { body: "**word** ".repeat(9_000) }), recipient);
    expect(Buffer.byteLength(html)).toBeLessThan(20_000);
    expect(/mso-hide:all;">([^&]*)/.exec(html)?.[1]?.length).toBeLessThanOrEqual(140);
  });

  it("lets a name in another direction keep to itself in an English sentence", () => {
    const { html } = renderItem(item("x", { body: "**דוד** uploaded **plan.pdf**." }), recipient);
    expect(html).toContain('<strong dir="auto">דוד</strong> uploaded');
    expect(html).toContain('<div lang="en" dir="ltr"');
  });
});

describe("the colours", () => {
  const channel = (hex: string) => {
    const value = Number.parseInt(hex, 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => channel(colour.slice(at, at + 2)));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** As WCAG 2 defines it. */
  const contrast = (a: string, b: string) => {
    const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  it.each([
    ["light", COLOURS],
    ["dark", DARK],
  ])("can be read where it is %s", (_, colours) => {
    const pairs = [
      [colours.ink, colours.card],
      [colours.ink, colours.page],
      [colours.dim, colours.card],
      [colours.dim, colours.page],
      [colours.accent, colours.card],
      [colours.onAccent, colours.accent],
    ] as const;
    for (const [text, ground] of pairs) expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
  });
});

describe("regression 28: names are escaped in HTML", () => {
  const evil = `<img src=x onerror="alert(1)">&'`;

  it.each(["item", "digest"])("in every place of the %s", (form) => {
    const one = item(`${evil} added **x**`, { body: evil, project: { id: "1", name: evil } });
    const who = { ...recipient, name: evil };
    const { html } =
      form === "item" ? renderItem(one, who) : renderDigest({ kind: "hourly", items: [one, one] }, who);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;");
  });

  it("whatever anybody writes, the letter has the tags that it has for harmless words", () => {
    const tags = (html: string) => html.match(/<\/?[a-z!][^>]*>/gi)?.map((tag) => tag.split(/[\s>]/)[0]);
    const plain = (text: string) => text.replace(/[\\`*_[\]()\n]/g, "");
    const harmless = renderItem(item("x", { body: "x" }), recipient).html;
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }).map(plain), (text) => {
        const who = { ...recipient, name: text };
        const { html } = renderItem(item(`x${text}`, { body: `x${text}` }), who);
        expect(tags(html.replace(/ class="button"[^>]*>/g, ">"))).toEqual(
          tags(harmless.replace(/ class="button"[^>]*>/g, ">")),
        );
      }),
    );
  });

  it("a link that somebody wrote keeps its words alone", () => {
    expect(markdownToHtml("[click](javascript:alert(1)) [me](https://evil.test)").html).not.toContain(
      "evil.test",
    );
    expect(markdownToText("[me](https://evil.test) @[Bo](user:7) \\*x\\* **b** *e* `c`")).toBe(
      "me @Bo *x* b e c",
    );
    expect(markdownToHtml("**a\\*b** *e* `<c>`\nd").html).toBe(
      '<strong dir="auto">a*b</strong> <em>e</em> <code>&lt;c&gt;</code><br>d',
    );
  });
});

describe("a digest", () => {
  it("of one thing is told as that thing, under its own subject", () => {
    const [one] = documents(1);
    expect(renderDigest({ kind: "hourly", items: [one!] }, recipient)).toEqual(renderItem(one!, recipient));
  });

  it("groups by project, then by type, what belongs to none last", () => {
    const items = [
      item("Award", { eventType: "budget.awarded", project: null }),
      item("A", {}),
      item("B", { project: LIBRARY }),
      item("Thread", { eventType: "thread_unread_stale" }),
      item("C", {}),
    ];
    const { text, subject } = renderDigest({ kind: "daily", items }, recipient);
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
  ])("shows ten of %s in HTML and %i in text, then how many more", (eventType, inText) => {
    const exactly = renderDigest({ kind: "hourly", items: documents(inText, { eventType }) }, recipient);
    expect(exactly.text).not.toContain("more\n");
    const ten = renderDigest({ kind: "hourly", items: documents(HTML_ITEMS, { eventType }) }, recipient);
    expect(ten.html).not.toMatch(/and \d+ more/);
    const { html, text } = renderDigest({ kind: "hourly", items: documents(13, { eventType }) }, recipient);
    expect(occurrences(html, />Document \d+\.<\/strong>/g)).toBe(10);
    expect(html).toContain("and 3 more");
    expect(occurrences(text, /^\* Document/gm)).toBe(inText);
    expect(text).toContain(`and ${13 - inText} more`);
  });

  it("stays below the size at which Gmail cuts, however much there is", () => {
    const items = Array.from({ length: 40 }, (_, p) =>
      ["document_uploaded", "thread_unread_stale"].flatMap((eventType) =>
        documents(12, {
          eventType,
          project: { id: String(p), name: `Project ${p}` },
          body: "Something longer about it. ".repeat(20),
        }),
      ),
    ).flat();
    const { html } = renderDigest({ kind: "weekly", items }, recipient);
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    const [, left, projects] = /and (\d+) more in (\d+) other projects/.exec(html)!;
    expect(Number(left)).toBe(Number(projects) * 24);
    expect(occurrences(html, /<h2/g)).toBe(40 - Number(projects));
  });

  it("stays below it in every script, and if one project has everything", () => {
    const kinds = Array.from({ length: 20 }, (_, n) => `kind.${n}`);
    const items = kinds.flatMap((eventType) =>
      documents(12, { eventType, body: "**庭園**の新しい計画".repeat(30) }),
    );
    const { html } = renderDigest({ kind: "weekly", items }, recipient);
    expect(Buffer.byteLength(html)).toBeLessThan(102_000);
    expect(occurrences(html, /<h2/g)).toBe(1);
    expect(html).toContain("and 11 more");
    expect(html).not.toContain("other project");
  });

  it("says what its link ends: one type, or everything", () => {
    const [one] = documents(1);
    const foot = (items: Item[]) => renderDigest({ kind: "daily", items }, recipient).text.split("\n").at(-2);
    expect(foot(documents(2))).toMatch(/^No more e-mail about new documents: /);
    expect(foot([one!, item("Award", { eventType: "budget.awarded" })])).toMatch(/^No more e-mail from us: /);
  });

  it("keeps the number in its subject, and cuts no character in two", () => {
    const items = [item("👩‍👩‍👧".repeat(100)), ...documents(2)];
    const { subject } = renderDigest({ kind: "hourly", items }, recipient, "headline");
    expect(subject).toMatch(/^(👩‍👩‍👧){10,}… and 2 more$/u);
  });

  it("has two ways to word its subject", () => {
    const items = documents(3);
    expect(renderDigest({ kind: "hourly", items }, recipient, "count").subject).toBe("3 updates in Gardens");
    expect(renderDigest({ kind: "hourly", items }, recipient, "headline").subject).toBe(
      "Document 1. and 2 more",
    );
  });
});
