import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log.ts";
import { reportEvents } from "../../src/notifications/report-events.ts";
import { executionOf } from "../../src/roles/execution.ts";
import { notifyFanOut } from "../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { hostEvent } from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

function recording() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level: "warn",
    format: "json",
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  return { log, lines };
}

describe("a handled event", () => {
  it("that is rejected, or of an unknown type, is logged as a warning once per type and hour, with type and fields", () => {
    const { log, lines } = recording();
    const counted: unknown[][] = [];
    const measure = (...words: unknown[]) => void counted.push(words);
    const rejected = {
      id: "7",
      type: "document_uploaded",
      outcome: "rejected",
      reason: "x: invalid_type",
    } as const;
    const unknown = { id: "8", type: "report.nothing", outcome: "ignored", reason: null } as const;
    const decided = { id: "9", type: "document_uploaded", outcome: "decided", reason: null } as const;
    const unheard = { ...decided, id: "10", reason: "no-recipients" } as const;
    const warnedAtMs = new Map<string, number>();
    for (const minutes of [0, 59, 61])
      reportEvents({ log, measure }, [rejected, { ...rejected, id: "70" }, unknown, decided, unheard], {
        nowMs: minutes * 60_000,
        warnedAtMs,
      });
    expect(lines).toMatchObject([
      { eventType: "document_uploaded", event: "7", events: 2, fields: "x: invalid_type" },
      { eventType: "report.nothing", event: "8", events: 1 },
      { eventType: "document_uploaded" },
      { eventType: "report.nothing" },
    ]);
    expect(counted.slice(0, 4)).toEqual([
      ["events", { type: "document_uploaded", outcome: "rejected" }, 2],
      ["events", { type: "unknown", outcome: "ignored" }, 1],
      ["events", { type: "document_uploaded", outcome: "decided" }, 1],
      ["events", { type: "document_uploaded", outcome: "no-recipients" }, 1],
    ]);
  });

  it("does not log a type that is not a plain name", () => {
    const { log, lines } = recording();
    reportEvents({ log, measure: () => undefined }, [
      { id: "1", type: "Ada <ada@people.test>", outcome: "ignored", reason: null },
    ]);
    expect(lines).toMatchObject([{ eventType: "(not a name)" }]);
  });

  it("is counted by type and outcome when it is fanned out", async () => {
    const world = await createWorld();
    const { log, lines } = recording();
    await hostEvent(world, "thread_unread_stale", { payload: { user_id: "nobody" } });
    await hostEvent(world, "fanned.out");
    const entries = await world.enqueued(notifyFanOut);
    await world.run(
      notifyFanOut,
      entries.map(({ id }) => id),
      executionOf({ ...world, log }),
    );
    const metrics = await world.metrics.registry.getMetricsAsJSON();
    expect(metrics.find(({ name }) => name === "commonwork_events_total")?.values).toMatchObject([
      { labels: { type: "thread_unread_stale", outcome: "rejected" }, value: 1 },
      { labels: { type: "unknown", outcome: "ignored" }, value: 1 },
    ]);
    // Other tests of this process may have had the other type rejected within the hour.
    expect(lines).toContainEqual(expect.objectContaining({ eventType: "fanned.out" }));
  });
});
