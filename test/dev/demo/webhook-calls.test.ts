import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Community } from "../../../src/dev/demo/community.ts";
import { CALL_COUNTS, drawCalls } from "../../../src/dev/demo/webhook-calls.ts";
import { readSale } from "../../../src/rewards/read-sale.ts";

const community: Community = {
  members: Array.from({ length: 600 }, (_, n) => ({
    userId: String(n + 1),
    profileId: String(n + 1),
    name: "x",
    isReferred: n % 10 !== 0,
  })),
  organizationIds: ["1"],
  greatestDepth: 5,
  unknownUserIdsFrom: 1_000_000,
};

const options = { seed: 7, now: new Date("2026-03-08T02:00:00Z"), secret: "s", name: "demo-x" };

describe("drawCalls", () => {
  const calls = drawCalls(community, options);

  it("draws 500, in the documented numbers, the same for the same seed", () => {
    expect(calls).toHaveLength(500);
    for (const [kind, count] of Object.entries(CALL_COUNTS)) {
      expect(calls.filter((call) => call.kind === kind)).toHaveLength(count);
    }
    expect(drawCalls(community, options)).toEqual(calls);
  });

  it("places calls that repeat or contradict another after it, among the others", () => {
    for (const [index, { kind, after, body, transactionId }] of calls.entries()) {
      expect(after !== null).toBe(kind === "repeated" || kind === "altered");
      if (after === null) continue;
      const first = calls[after];
      expect(after).toBeLessThan(index);
      expect(first?.transactionId).toBe(transactionId);
      expect(first?.body === body).toBe(kind === "repeated");
    }
    expect(calls.slice(0, 250).some(({ after }) => after !== null)).toBe(true);
  });

  it("gives only the calls that demonstrate it a wrong signature or an unreadable body", () => {
    for (const { kind, body, signature } of calls) {
      const right = `sha256=${createHmac("sha256", "s").update(body).digest("hex")}`;
      expect(signature === right).toBe(kind !== "unsigned");
      expect(readSale(Buffer.from(body), options.now).kind).toBe(kind === "unreadable" ? "faults" : "sale");
    }
  });

  it("lets each buyer buy once, so that no ordinary sale is held", () => {
    const buyers = calls
      .filter(({ after }) => after === null)
      .map(({ body }) => /"user_id":(\d+)/.exec(body)?.[1]);
    expect(new Set(buyers).size).toBe(buyers.length);
  });
});
