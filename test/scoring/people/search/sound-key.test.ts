import { expect, it } from "vitest";
import { soundKey } from "../../../../src/scoring/people/search/sound-key.ts";

it.each([
  ["stephen", "stefan"],
  ["philip", "filip"],
  ["catherine", "katharine"],
  ["geoffrey", "jeffrey"],
  ["schmidt", "schmit"],
  ["wright", "right"],
  ["knight", "night"],
  ["meyer", "maier"],
  ["xavier", "savier"],
])("%s sounds like %s", (a, b) => {
  expect(soundKey(a)).not.toBeNull();
  expect(soundKey(a)).toBe(soundKey(b));
});

it("distinguishes different sounds, and ignores other scripts", () => {
  expect(soundKey("robert")).not.toBe(soundKey("norbert"));
  expect(soundKey("ελενη")).toBeNull();
  expect(soundKey("a")).toBeNull();
  expect(soundKey("")).toBeNull();
});
