import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeMarkdown } from "../../src/languages/escape-markdown.ts";
import { mentionedIn, withoutMarkup } from "../../src/notifications/markdown.ts";

describe("mentions", () => {
  it.each([
    ["@[Ann](user:12) hello", ["12"], "@Ann hello"],
    ["@[Ann B.](user:12)@[Cy](user:7) and @[Ann](user:12)", ["12", "7"], "@Ann B.@Cy and @Ann"],
    ["mail@[Ann](user:12)", ["12"], "mail@Ann"],
    [
      "[Ann](user:12) @[Ann](user:a n) @[](user:1) @Ann",
      [],
      "[Ann](user:12) @[Ann](user:a n) @[](user:1) @Ann",
    ],
    ["@[Ann](user:3b241101-e2bb-4255-8caf-4136c566a962)", ["3b241101-e2bb-4255-8caf-4136c566a962"], "@Ann"],
  ])("are found in %s", (message, ids, text) => {
    expect(mentionedIn(message)).toEqual(ids);
    expect(withoutMarkup(message)).toBe(text);
  });
});

describe("escapeMarkdown", () => {
  it("defect 28: escapes all markup in a name", () => {
    expect(escapeMarkdown("<img src=x> *Ann* [x](y)")).toBe("\\<img src=x\\> \\*Ann\\* \\[x\\]\\(y\\)");
  });

  it("is reversible, and leaves no special character unescaped", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped.replace(/\\([\\`*_{}[\]()<>#+!|~&-])/g, "$1")).toBe(text);
        expect(escaped.replace(/\\./g, "")).not.toMatch(/[<>*_`[\]&]/);
      }),
    );
  });
});
