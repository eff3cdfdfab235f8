import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { traceOfEvent, traceOfSale } from "../support/trace-scenes.ts";
import { drawingOf, spanNames } from "../support/trace-tree.ts";
import { tracedWorld } from "../support/traced-world.ts";

const PAGE = new URL("../../docs/operations/tracing.md", import.meta.url);

/** Where the page has the trace of that name. */
const placeOf = (name: string): RegExp =>
  new RegExp(`(<!-- recorded: ${name} -->\n)([^]*?)(<!-- end of recorded -->)`);

/** The names of the spans on the page, with their indentation. */
const namesOn = (page: string, name: string): string[] =>
  (placeOf(name).exec(page)?.[2] ?? "")
    .split("\n")
    .flatMap((line) => /^( *\S.*?) {2,}[\d.]+ ms /.exec(line)?.[1] ?? []);

it.each([
  ["sale", traceOfSale],
  ["event", traceOfEvent],
])("docs/operations/tracing.md has the trace of a %s as it is", async (name, record) => {
  const { world, received } = await tracedWorld();
  const spans = await received(await record(world));
  if (process.env["RECORD_TRACES"] === "1") {
    const drawing = `\n\`\`\`text\n${drawingOf(spans)}\n\`\`\`\n\n`;
    const page = readFileSync(PAGE, "utf8");
    writeFileSync(
      PAGE,
      page.replace(placeOf(name), (_all, begin, _old, end) => `${begin}${drawing}${end}`),
    );
  }
  expect(namesOn(readFileSync(PAGE, "utf8"), name)).toEqual(spanNames(spans));
});
