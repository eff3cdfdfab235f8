import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findSigner, signingSecrets } from "../../../src/http/webhooks/signature.ts";

const raw = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
const secrets = signingSecrets(["new secret", "old secret"]);
const hex = (secret: string, bytes = raw) => createHmac("sha256", secret).update(bytes).digest("hex");

describe("findSigner", () => {
  test("returns the fingerprint of the secret", () => {
    expect(findSigner(raw, `sha256=${hex("new secret")}`, secrets)).toBe(secrets[0]?.id);
    expect(findSigner(raw, `sha256=${hex("old secret")}`, secrets)).toBe(secrets[1]?.id);
    expect(secrets.map((secret) => secret.id)).toEqual([
      expect.stringMatching(/^[0-9a-f]{8}$/),
      expect.stringMatching(/^[0-9a-f]{8}$/),
    ]);
  });

  test("accepts upper and lower case", () => {
    expect(findSigner(raw, `SHA256=${hex("new secret").toUpperCase()}`, secrets)).toBe(secrets[0]?.id);
  });

  test("verifies the raw bytes, not decoded text", () => {
    const asText = hex("new secret", Buffer.from(raw.toString("utf8")));
    expect(findSigner(raw, `sha256=${asText}`, secrets)).toBeNull();
  });

  test.each([
    ["none", undefined],
    ["empty", ""],
    ["no prefix", hex("new secret")],
    ["other prefix", `sha1=${hex("new secret")}`],
    ["short", `sha256=${hex("new secret").slice(0, 62)}`],
    ["long", `sha256=${hex("new secret")}00`],
    ["not hex, of the right length", `sha256=${"zz".repeat(32)}`],
    ["hex that ends half-way", `sha256=${hex("new secret").slice(0, 32)}${"zz".repeat(16)}`],
    ["line break after", `sha256=${hex("new secret")}\n`],
    ["two", `sha256=${hex("other")}, sha256=${hex("new secret")}`],
    ["other secret", `sha256=${hex("other")}`],
    ["empty secret", `sha256=${hex("")}`],
  ])("rejects: %s", (_, header) => {
    expect(findSigner(raw, header, secrets)).toBeNull();
  });

  test("rejects everything without secrets", () => {
    expect(findSigner(raw, `sha256=${hex("")}`, [])).toBeNull();
  });
});
