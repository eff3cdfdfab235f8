import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Community } from "../../../src/dev/demo/community.ts";
import { DELIVERY_COUNTS, drawDeliveries } from "../../../src/dev/demo/demo-deliveries.ts";
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

describe("drawDeliveries", () => {
  const deliveries = drawDeliveries(community, options);

  it("draws 500, as many of each kind as is said, the same for the same seed", () => {
    expect(deliveries).toHaveLength(500);
    for (const [kind, count] of Object.entries(DELIVERY_COUNTS)) {
      expect(deliveries.filter((delivery) => delivery.kind === kind)).toHaveLength(count);
    }
    expect(drawDeliveries(community, options)).toEqual(deliveries);
  });

  it("sends what repeats or contradicts behind its first, among the others", () => {
    for (const [index, { kind, after, body, transactionId }] of deliveries.entries()) {
      expect(after !== null).toBe(kind === "repeated" || kind === "altered");
      if (after === null) continue;
      const first = deliveries[after];
      expect(after).toBeLessThan(index);
      expect(first?.transactionId).toBe(transactionId);
      expect(first?.body === body).toBe(kind === "repeated");
    }
    expect(deliveries.slice(0, 250).some(({ after }) => after !== null)).toBe(true);
  });

  it("signs all but those that show a bad signature, and writes all but those that show a bad body", () => {
    for (const { kind, body, signature } of deliveries) {
      const right = `sha256=${createHmac("sha256", "s").update(body).digest("hex")}`;
      expect(signature === right).toBe(kind !== "unsigned");
      expect(readSale(Buffer.from(body), options.now).kind).toBe(kind === "unreadable" ? "faults" : "sale");
    }
  });

  it("lets each buyer buy once, so that nothing is held that is not meant to be", () => {
    const buyers = deliveries
      .filter(({ after }) => after === null)
      .map(({ body }) => /"user_id":(\d+)/.exec(body)?.[1]);
    expect(new Set(buyers).size).toBe(buyers.length);
  });
});
