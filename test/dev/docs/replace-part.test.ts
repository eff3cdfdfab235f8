import { expect, it } from "vitest";
import { replacePart } from "../../../src/dev/docs/replace-part.ts";

const page = (text: string) =>
  `# Page\n\n<!-- generated: jobs; change it with npm run docs:generate -->\n\n${text}\n\n<!-- end of generated -->\n\nafter\n`;

it("replaces the text between the markers, and nothing else", () => {
  expect(replacePart(page("old"), "jobs", "new")).toBe(page("new"));
  expect(replacePart(page("new"), "jobs", "new")).toBe(page("new"));
});

it("refuses a page that does not have the part exactly once, or has no end", () => {
  expect(() => replacePart(page("old"), "schedules", "new")).toThrow(/exactly once/);
  expect(() => replacePart(page("old") + page("old"), "jobs", "new")).toThrow(/exactly once/);
  expect(() => replacePart(page("old").replace("end of generated", ""), "jobs", "new")).toThrow(
    /does not end/,
  );
});
