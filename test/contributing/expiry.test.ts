import fc from "fast-check";
import { describe, it } from "vitest";
import { isExpired } from "./expiry.ts";

const DAY_MS = 24 * 3_600_000;

describe("isExpired", () => {
  it("holds from some local midnight on: never before the days have passed, always a day later", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true }),
        fc.constantFrom("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 0, max: 100 * DAY_MS }),
        (assignedAt, timeZone, days, passedMs) => {
          const expired = isExpired(
            { assignedAt, timeZone },
            new Date(assignedAt.getTime() + passedMs),
            days,
          );
          // A day may be an hour longer or shorter.
          if (passedMs < (days - 1) * DAY_MS) return !expired;
          return passedMs > (days + 2) * DAY_MS ? expired : true;
        },
      ),
    );
  });
});
