import { expect, it } from "vitest";
import { filesIn, read, section } from "./support/pages.ts";

it("docs/testing.md has a row for every test that has two sizes", () => {
  const rows = section(read("docs/testing.md"), "Long checks")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  const sized = filesIn("test", ".ts").filter(
    (file) => file !== "test/support/sizes.ts" && /\bfrom "[./a-z]+\/sizes\.ts"/.test(read(file)),
  );
  expect(sized.length).toBeGreaterThan(30);
  expect(sized.filter((file) => !rows.some((row) => row.includes(`\`${file}\``)))).toEqual([]);
});
