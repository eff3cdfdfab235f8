import { expect, it } from "vitest";
import { noticeVariantOf } from "../../../src/email/render/experiments.ts";

it("noticeVariantOf assigns each variant to half of the volunteers, always the same to each", () => {
  const fits = Array.from({ length: 10_000 }, (_, n) => noticeVariantOf(String(n + 1))).filter(
    (variant) => variant === "fit",
  );
  expect(fits.length).toBeGreaterThan(4_800);
  expect(fits.length).toBeLessThan(5_200);
  expect(noticeVariantOf("123456789012345678")).toBe(noticeVariantOf("123456789012345678"));
});
