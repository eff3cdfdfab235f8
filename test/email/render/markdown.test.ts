import { describe, expect, it } from "vitest";
import { markdownToHtml, markdownToText } from "../../../src/email/render/markdown.ts";

describe("the Markdown of bodies", () => {
  it("reduces links to their text", () => {
    expect(markdownToHtml("[click](javascript:alert(1)) [me](https://evil.test)").html).not.toContain(
      "evil.test",
    );
    expect(markdownToText("[me](https://evil.test) @[Bo](user:7) \\*x\\* **b** *e* `c`")).toBe(
      "me @Bo *x* b e c",
    );
  });

  it("renders bold, emphasis, code and line breaks, with escaped text", () => {
    expect(markdownToHtml("**a\\*b** *e* `<c>`\nd").html).toBe(
      '<strong dir="auto">a*b</strong> <em>e</em> <code>&lt;c&gt;</code><br>d',
    );
  });
});
