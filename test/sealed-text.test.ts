import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSeals, SealBroken } from "../src/sealed-text.ts";

const key = () => randomBytes(32);

describe("sealed texts", () => {
  it("open to the sealed text, whatever it is", () => {
    const seals = createSeals([key()]);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (text, purpose) => {
        expect(seals.open(seals.seal(text, purpose), purpose)).toBe(text);
      }),
    );
  });

  it("reveal nothing of the text, and differ each time", () => {
    const seals = createSeals([key()]);
    const texts = Array.from({ length: 50 }, () => seals.seal("1//refresh-token", "a"));
    expect(new Set(texts).size).toBe(50);
    for (const text of texts) {
      expect(text).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/);
      expect(Buffer.from(text.split(".")[2]!, "base64url").toString("latin1")).not.toContain("refresh");
    }
  });

  it("do not open when any bit was changed", () => {
    const seals = createSeals([key()]);
    const sealed = seals.seal("a token", "a");
    const [version, id, body] = sealed.split(".") as [string, string, string];
    const bytes = Buffer.from(body, "base64url");
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = changed[index]! ^ 1;
      expect(() => seals.open([version, id, changed.toString("base64url")].join("."), "a")).toThrow(
        SealBroken,
      );
    }
  });

  it.each(["", "v1", "v1..", "v2.00000000.AAAA", "a plain token"])("reject %j", (text) => {
    expect(() => createSeals([key()]).open(text, "a")).toThrow(SealBroken);
  });

  it("do not open for another purpose: the row of another user", () => {
    const seals = createSeals([key()]);
    expect(() => seals.open(seals.seal("a token", "user 1"), "user 2")).toThrow(SealBroken);
  });

  it("key rotation: open with the old key beside the new one, and not without it", () => {
    const [old, fresh] = [key(), key()];
    const sealed = createSeals([old]).seal("a token", "a");
    const both = createSeals([fresh, old]);
    expect(both.open(sealed, "a")).toBe("a token");
    expect(both.isCurrent(sealed)).toBe(false);
    const again = both.seal(both.open(sealed, "a"), "a");
    expect(both.isCurrent(again)).toBe(true);
    expect(createSeals([fresh]).open(again, "a")).toBe("a token");
    expect(() => createSeals([fresh]).open(sealed, "a")).toThrow(/TOKEN_ENCRYPTION_KEY/);
  });

  it("derive a secret for each name, the same with the same key", () => {
    const [a, b] = [key(), key()];
    expect(createSeals([a]).secretFor("x")).toBe(createSeals([a, b]).secretFor("x"));
    const secrets = [
      createSeals([a]).secretFor("x"),
      createSeals([a]).secretFor("y"),
      createSeals([b]).secretFor("x"),
    ];
    expect(new Set(secrets).size).toBe(3);
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/);
  });

  it("require keys of 32 bytes", () => {
    expect(() => createSeals([])).toThrow(/32 bytes/);
    expect(() => createSeals([randomBytes(16)])).toThrow(/32 bytes/);
  });
});
