import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PEAKS, waveformOf } from "../../../src/scoring/media/previews.ts";

describe("a waveform", () => {
  it("is the loudest level of each of 200 equal parts, from 0 to 255", () => {
    const levels = Array.from({ length: 4 * PEAKS }, (_, n) => (n < 2 * PEAKS ? 0 : n % 4 === 3 ? 1 : 0.5));
    const waveform = waveformOf(levels);
    expect(waveform).toHaveLength(PEAKS);
    expect(new Set(waveform.slice(0, PEAKS / 2))).toEqual(new Set([0]));
    expect(new Set(waveform.slice(PEAKS / 2))).toEqual(new Set([255]));
  });

  it("repeats the levels of a very short sound, and is empty for none", () => {
    expect(waveformOf([0.2, 1])).toEqual([...Array(PEAKS / 2).fill(51), ...Array(PEAKS / 2).fill(255)]);
    expect(waveformOf([])).toEqual([]);
  });

  it("shows the loudest level of any sound, and nothing louder", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1, maxLength: 2_000 }),
        (levels) => {
          const waveform = waveformOf(levels);
          const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
          expect(Math.max(...waveform)).toBe(Math.round(255 * Math.min(1, loudest)));
          for (const peak of waveform) expect(Number.isInteger(peak) && peak >= 0 && peak <= 255).toBe(true);
        },
      ),
    );
  });
});
