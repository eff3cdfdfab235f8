import { describe, expect, it } from "vitest";
import { COLOURS, DARK } from "../../../src/email/render/layout.ts";

describe("the colors", () => {
  const channel = (hex: string) => {
    const value = Number.parseInt(hex, 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => channel(color.slice(at, at + 2)));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** The contrast ratio of WCAG 2. */
  const contrast = (a: string, b: string) => {
    const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  it.each([
    ["light", COLOURS],
    ["dark", DARK],
  ])("have enough contrast in %s mode (WCAG AA)", (_, colors) => {
    const pairs = [
      [colors.ink, colors.card],
      [colors.ink, colors.page],
      [colors.dim, colors.card],
      [colors.dim, colors.page],
      [colors.accent, colors.card],
      [colors.onAccent, colors.accent],
    ] as const;
    for (const [text, ground] of pairs) expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
  });
});
