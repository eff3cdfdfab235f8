import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { blocks, read } from "../support/pages.ts";
import { PLACES } from "./places.ts";

// The worked examples of CONTRIBUTING.md are files here, compiled and run like everything else. This compares
// them with the page.

/** The text of an example as it would read there. */
function inItsPlace(file: string, place: string): string {
  const from = (written: string): string => {
    const target = PLACES[written.slice(2)] ?? join("test/contributing", written);
    const path = relative(dirname(place), target);
    return path.startsWith(".") ? path : `./${path}`;
  };
  return read(`test/contributing/${file}`).replace(
    /from "(\.[^"]+)"/g,
    (_, written: string) => `from "${from(written)}"`,
  );
}

describe("CONTRIBUTING.md", () => {
  const page = read("CONTRIBUTING.md");
  const shown = blocks(page, "ts").map((block) => {
    const indent = /^ */.exec(block)?.[0] ?? "";
    return block.replaceAll(new RegExp(`^${indent}`, "gm"), "");
  });

  it.each(Object.entries(PLACES))("shows %s as it is", (file, place) => {
    expect(page, `names ${place}`).toContain(`\`${place}\``);
    expect(shown).toContain(inItsPlace(file, place));
  });
});
