import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type ChangeCursor,
  readChangeCursor,
  writeChangeCursor,
} from "../../../src/db/results/change-cursor.ts";

const number = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String);
const place = fc.record({ xid: number, id: number, at: fc.nat() });
const key = fc.string({ unit: "grapheme", maxLength: 40 });

const cursor: fc.Arbitrary<ChangeCursor> = fc.oneof(
  fc.record({ kind: fc.constant("opened" as const), xid: number }),
  fc.record({ kind: fc.constant("snapshot" as const), from: place, after: fc.option(key) }),
  fc.record({ kind: fc.constant("changes" as const), from: place }),
  fc.record({ kind: fc.constant("group" as const), from: place, to: place, after: key }),
);

it("a cursor is read as it was written, whatever its key is", () => {
  fc.assert(
    fc.property(cursor, (written) => {
      const text = writeChangeCursor(written);
      expect(text).toMatch(/^[A-Za-z0-9._-]+$/);
      expect(readChangeCursor(text)).toEqual(written);
    }),
  );
});

it.each([
  "",
  "c",
  "c.1.2",
  "c.1.2.3.4",
  "c.-1.2.3",
  "s.1.2.3",
  "o.x",
  "g.1.2.3.4.5.6.",
  "c.99999999999999999999.1.1",
])("%j is no cursor", (text) => expect(readChangeCursor(text)).toBeNull());
