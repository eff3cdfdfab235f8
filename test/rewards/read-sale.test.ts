import { describe, expect, test } from "vitest";
import { readSale } from "../../src/rewards/read-sale.ts";

const receivedAt = new Date("2026-03-08T02:00:00Z");

const read = (body: string | Buffer) => readSale(Buffer.from(body), receivedAt);
const body = (fields: Record<string, string>) =>
  `{${Object.entries({ user_id: "1", amount: "100.50", transaction_id: '"t_1"', ...fields })
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `"${name}": ${value}`)
    .join(", ")}}`;
const sale = (written: string | Buffer) => {
  const result = read(written);
  if (result.kind !== "sale") throw new Error(JSON.stringify(result.faults));
  return result.sale;
};
const faults = (written: string | Buffer) => {
  const result = read(written);
  return result.kind === "faults" ? result.faults : [];
};

describe("an accepted sale", () => {
  test("all fields, exactly", () => {
    expect(sale(body({ currency: '"SCICENT"', timestamp: '"2026-03-07T12:00:00.5+02:00"' }))).toEqual({
      externalId: "t_1",
      buyerUserId: "1",
      amountMicro: 100_500_000n,
      currency: "SCICENT",
      soldAt: new Date("2026-03-07T10:00:00.500Z"),
      timeAssumed: false,
    });
  });

  test.each([
    ["missing", ""],
    ["null", "null"],
  ])("optional fields that are %s", (_, value) => {
    expect(sale(body({ currency: value, timestamp: value }))).toMatchObject({
      currency: "SCICENT",
      soldAt: receivedAt,
      timeAssumed: true,
    });
  });

  test.each([
    ["a float would lose it", "123456789.123456", 123_456_789_123_456n],
    ["exponent", "1.5e2", 150_000_000n],
    ["six decimals", "0.000001", 1n],
    ["zeros at the end are no decimals", "1.00000000", 1_000_000n],
    ["fifteen digits", "999999999999", 999_999_999_999_000_000n],
  ])("amount: %s", (_, amount, amountMicro) => {
    expect(sale(body({ amount })).amountMicro).toBe(amountMicro);
  });

  test("a user_id that is a text", () => {
    const uuid = "018f6b1c-aaaa-7000-8000-000000000001";
    expect(sale(body({ user_id: `"${uuid}"` })).buyerUserId).toBe(uuid);
  });

  test("the largest user_id", () => {
    expect(sale(body({ user_id: "9007199254740991" })).buyerUserId).toBe("9007199254740991");
  });

  test("a transaction_id of 255 characters, pairs counted once", () => {
    const id = "😀".repeat(255);
    expect(sale(body({ transaction_id: JSON.stringify(id) })).externalId).toBe(id);
  });

  test("an escaped transaction_id is the same as its plain form", () => {
    expect(sale(body({ transaction_id: '"\\u0074_\\u0031"' })).externalId).toBe("t_1");
  });

  test("unknown fields are ignored, even those named like members of an object", () => {
    const more =
      '"note": {"a": [1, {"b": "x:y\\":"}]}, "__proto__": {"user_id": 7}, "toString": 1, "NaN": "1:2"';
    expect(sale(`{${more}, ${body({}).slice(1)}`)).toMatchObject({ buyerUserId: "1" });
  });

  test("up to 5 minutes in the future", () => {
    expect(sale(body({ timestamp: '"2026-03-08T02:05:00Z"' })).soldAt).toEqual(
      new Date("2026-03-08T02:05:00Z"),
    );
  });

  test("years old", () => {
    expect(sale(body({ timestamp: '"1999-12-31T23:59-00:00"' })).soldAt).toEqual(
      new Date("1999-12-31T23:59:00Z"),
    );
  });
});

describe("a rejected body", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["empty", "", /empty/],
    ["white space", " ", /not JSON/],
    ["not JSON", "user_id=1&amount=2", /not JSON/],
    ["cut off", '{"user_id": 1', /not JSON/],
    ["two documents", "{}{}", /not JSON/],
    ["NaN", body({ amount: "NaN" }), /not JSON/],
    ["Infinity", body({ amount: "Infinity" }), /not JSON/],
    ["leading zero", body({ amount: "010" }), /not JSON/],
    ["plus sign", body({ amount: "+1" }), /not JSON/],
    ["comment", body({ amount: "1 /* one */" }), /not JSON/],
    ["trailing comma", '{"user_id": 1,}', /not JSON/],
    ["raw control character", body({ transaction_id: '"a\nb"' }), /not JSON/],
    ["byte order mark", `\ufeff${body({})}`, /not JSON/],
    ["array", `[${body({})}]`, /not a JSON object/],
    ["number", "1", /not a JSON object/],
    ["text", '"sale"', /not a JSON object/],
    ["null", "null", /not a JSON object/],
    ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /UTF-8/],
    ["overlong UTF-8", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /UTF-8/],
    ["UTF-16", Buffer.from(body({}), "utf16le"), /not JSON/],
    ["duplicate key, other value", '{"amount": 1, "amount": 2}', /the duplicate key "amount"/],
    ["duplicate key, same number", body({}).replace("}", ', "amount": 100.50}'), /has the duplicate key/],
    [
      "duplicate key, same text",
      body({}).replace("}", ', "transaction_id": "t_1"}'),
      /has the duplicate key/,
    ],
    ["duplicate key, escaped", body({}).replace("}", ', "\\u0061mount": 1}'), /the duplicate key "amount"/],
    ["duplicate key, nested", body({ note: '{"a": 1, "a": 1}' }), /has the duplicate key/],
    ["nested too deeply", body({ note: "[".repeat(30_000) }), /nested too deeply|not JSON/],
    [
      "nested too deeply, whole",
      body({ note: "[".repeat(30_000) + "]".repeat(30_000) }),
      /nested too deeply/,
    ],
  ])("%s", (_, written, fault) => {
    expect(faults(written)).toEqual([{ field: "body", fault: expect.stringMatching(fault) }]);
  });

  test("a fault never repeats a long key", () => {
    const key = "k".repeat(10_000);
    expect(faults(`{"${key}": 1, "${key}": 2}`)[0]?.fault.length).toBeLessThan(200);
  });
});

describe("a rejected field", () => {
  test.each<[string, string, string, RegExp]>([
    ["amount", "missing", "", /missing/],
    ["amount", "text", '"100.50"', /JSON number/],
    ["amount", "null", "null", /JSON number/],
    ["amount", "array", "[1]", /JSON number/],
    ["amount", "object that looks like a number", '{"value": "1", "isLosslessNumber": true}', /JSON number/],
    ["amount", "0", "0", /above 0/],
    ["amount", "-0", "-0", /above 0/],
    ["amount", "negative", "-1", /above 0/],
    ["amount", "1e400", "1e400", /digits/],
    ["amount", "1e-400", "1e-400", /decimals/],
    ["amount", "7 decimals", "1.0000001", /6 decimals/],
    ["amount", "16 digits", "1234567890.123456", /15 digits/],
    ["amount", "as long as the body", "1".repeat(60_000), /longer/],
    ["user_id", "missing", "", /missing/],
    ["user_id", "0", "0", /whole number/],
    ["user_id", "negative", "-1", /whole number/],
    ["user_id", "1.5", "1.5", /whole number/],
    ["user_id", "1.0", "1.0", /whole number/],
    ["user_id", "1e3", "1e3", /whole number/],
    ["user_id", "2^53", "9007199254740992", /9007199254740991/],
    ["user_id", "20 digits", "10000000000000000000", /whole number/],
    ["user_id", "true", "true", /whole number or a string/],
    ["user_id", "empty", '""', /1 to 255/],
    ["user_id", "line break", '"a\\nb"', /plain characters/],
    ["transaction_id", "missing", "", /missing/],
    ["transaction_id", "number", "1", /string/],
    ["transaction_id", "empty", '""', /empty/],
    ["transaction_id", "300 characters", `"${"x".repeat(300)}"`, /255/],
    ["transaction_id", "256 pairs", `"${"😀".repeat(256)}"`, /255/],
    ["transaction_id", "NUL", '"a\\u0000b"', /control/],
    ["transaction_id", "line break", '"a\\nb"', /control/],
    ["transaction_id", "DEL", '"a\\u007fb"', /control/],
    ["transaction_id", "C1 control", '"a\\u0085b"', /control/],
    ["transaction_id", "lone surrogate", '"a\\ud800b"', /control/],
    ["currency", "other", '"USD"', /SCICENT/],
    ["currency", "lower case", '"scicent"', /SCICENT/],
    ["currency", "empty", '""', /SCICENT/],
    ["timestamp", "more than 5 minutes ahead", '"2026-03-08T02:05:00.001Z"', /future/],
    ["timestamp", "far ahead", '"9999-12-31T23:59:59Z"', /future/],
    ["timestamp", "without offset", '"2026-03-08T02:00:00"', /ISO 8601/],
    ["timestamp", "day alone", '"2026-03-08"', /ISO 8601/],
    ["timestamp", "seconds since 1970", "1772935200", /ISO 8601/],
    ["timestamp", "30 February", '"2026-02-30T00:00:00Z"', /ISO 8601/],
    ["timestamp", "month 13", '"2026-13-01T00:00:00Z"', /ISO 8601/],
    ["timestamp", "hour 24", '"2026-03-07T24:00:00Z"', /ISO 8601/],
    ["timestamp", "offset of 99 hours", '"2026-03-07T00:00:00+99:00"', /ISO 8601/],
    ["timestamp", "year 0", '"0000-03-07T00:00:00Z"', /ISO 8601/],
    ["timestamp", "empty", '""', /ISO 8601/],
  ])("%s: %s", (field, _, value, fault) => {
    expect(faults(body({ [field]: value }))).toEqual([{ field, fault: expect.stringMatching(fault) }]);
  });

  test("every fault is listed, not only the first", () => {
    const all = '{"user_id": 0, "amount": "1", "currency": "EUR", "timestamp": "soon"}';
    expect(faults(all).map((fault) => fault.field)).toEqual([
      "user_id",
      "amount",
      "transaction_id",
      "currency",
      "timestamp",
    ]);
  });
});
