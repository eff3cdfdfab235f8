import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderDigest } from "../../../src/email/render/digest.ts";
import { renderItem } from "../../../src/email/render/email.ts";
import { item, occurrences, recipient } from "../../support/email-items.ts";

describe("an e-mail about one notification", () => {
  it("has the title as its subject, one button, a reason and an unsubscribe link", () => {
    const email = renderItem(item("Ines added plan.pdf", { body: "Have a look." }), recipient);
    expect(email.subject).toBe("Ines added plan.pdf");
    expect(occurrences(email.html, /class="button"/g)).toBe(1);
    expect(email.html).toContain("You get this because you have access to this document.");
    expect(email.html).toContain('href="https://x.test/unsubscribe/abc"');
    expect(email.text).toBe(
      `Hello Ada,

Ines added plan.pdf

Have a look.

Open the document: https://x.test/projects/1

-- 
You get this because you have access to this document.
Change notification settings: https://x.test/settings
Unsubscribe from e-mail about new documents: https://x.test/unsubscribe/abc
`,
    );
  });

  it("has no unsubscribe link if it is must-send", () => {
    const email = renderItem(item("x", { eventType: "calendar.action_required" }), {
      ...recipient,
      unsubscribeUrl: null,
    });
    expect(email.html + email.text).not.toMatch(/unsubscribe/i);
  });

  it("shows the body as its preheader, followed by invisible padding", () => {
    const { html } = renderItem(item("Title", { body: "What it says." }), recipient);
    expect(html).toMatch(/mso-hide:all;">What it says\.(&#847;&zwnj;&nbsp;){60}<\/div>/);
  });

  it("has a subject of one line and at most 120 characters", () => {
    expect(renderItem(item("a\nb\r\nc"), recipient).subject).toBe("a b c");
    expect(renderItem(item("x".repeat(500)), recipient).subject).toHaveLength(120);
  });

  it("stays short however long the texts are, and so does its preheader", () => {
    const { html } = renderItem(item("word ".repeat(9_000), { body: "**word** ".repeat(9_000) }), recipient);
    expect(Buffer.byteLength(html)).toBeLessThan(20_000);
    expect(/mso-hide:all;">([^&]*)/.exec(html)?.[1]?.length).toBeLessThanOrEqual(140);
  });

  it("isolates a right-to-left name in an English sentence", () => {
    const { html } = renderItem(item("x", { body: "**דוד** uploaded **plan.pdf**." }), recipient);
    expect(html).toContain('<strong dir="auto">דוד</strong> uploaded');
    expect(html).toContain('<div lang="en" dir="ltr"');
  });
});

describe("regression 28: names are escaped in HTML", () => {
  const evil = `<img src=x onerror="alert(1)">&'`;

  it.each(["item", "digest"])("everywhere in the %s", (form) => {
    const one = item(`${evil} added **x**`, { body: evil, project: { id: "1", name: evil } });
    const who = { ...recipient, name: evil };
    const { html } =
      form === "item" ? renderItem(one, who) : renderDigest({ cadence: "hourly", items: [one, one] }, who);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;");
  });

  it("has the same tags for any text as for a harmless one", () => {
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
});
