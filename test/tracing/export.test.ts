import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log.ts";
import { eventually } from "../support/eventually.ts";
import { otlpCollector } from "../support/otlp-collector.ts";
import { spanNames } from "../support/trace-tree.ts";
import { callerContext, tracingTo } from "../support/traced-world.ts";

describe("what is exported", () => {
  it("are spans below each other, their links, the headers and the resource", async () => {
    const collector = await otlpCollector();
    const tracing = await tracingTo(collector.url, {
      headers: { authorization: "Bearer of-the-collector" },
      resource: { "service.name": "rewards", "deployment.environment.name": "staging" },
    });
    const { context, traceId } = callerContext();
    const other = callerContext(7);
    await tracing.inSpan({ name: "outer", parent: context, links: [other.context, "no context"] }, () =>
      tracing.inSpan({ name: "inner", attributes: { "commonwork.entry": "17" } }, async () => undefined),
    );
    await tracing.close();
    expect(spanNames(collector.spans)).toEqual(["outer", "  inner"]);
    expect(collector.spans.map((span) => span.traceId)).toEqual([traceId, traceId]);
    expect(collector.spans.find(({ name }) => name === "outer")?.links).toMatchObject([
      { traceId: other.traceId },
    ]);
    expect(collector.spans.find(({ name }) => name === "inner")?.attributes).toEqual({
      "commonwork.entry": "17",
    });
    expect(collector.headers()).toMatchObject({ authorization: "Bearer of-the-collector" });
    expect(collector.resource()).toMatchObject({
      "service.name": "rewards",
      "deployment.environment.name": "staging",
    });
  });

  it("has the code of an error, never its message", async () => {
    const collector = await otlpCollector();
    const tracing = await tracingTo(collector.url);
    const failed = tracing.inSpan({ name: "failing" }, async () => {
      throw Object.assign(new Error("Key (email)=(ada@people.test) exists"), { code: "23505" });
    });
    await expect(failed).rejects.toThrow("exists");
    await tracing.close();
    expect(collector.spans).toMatchObject([{ isError: true, attributes: { "error.type": "23505" } }]);
    expect(JSON.stringify(collector.spans)).not.toContain("people.test");
  });

  it("follows the sampler, and a caller's choice where it is based on parents", async () => {
    const collector = await otlpCollector();
    const none = await tracingTo(collector.url, { sampler: "parentbased_always_off" });
    await none.inSpan({ name: "not recorded", parent: null }, async (span) =>
      none.inSpan({ name: "nor this", parent: span.context }, async () => undefined),
    );
    await none.inSpan({ name: "recorded", parent: callerContext().context }, async () => undefined);
    await none.close();
    const some = await tracingTo(collector.url, { sampler: "traceidratio", ratio: 0 });
    await some.inSpan({ name: "nothing", parent: callerContext().context }, async () => undefined);
    await some.close();
    expect(spanNames(collector.spans)).toEqual(["recorded"]);
  });
});

describe("a log line", () => {
  it("names the current trace, and none outside of a trace", async () => {
    const collector = await otlpCollector();
    const tracing = await tracingTo(collector.url);
    const lines: Record<string, unknown>[] = [];
    const log = createLog({
      level: "info",
      format: "json",
      destination: { write: (line) => void lines.push(JSON.parse(line)) },
      fields: tracing.logFields,
    });
    const { context, traceId } = callerContext();
    await tracing.inSpan({ name: "request", parent: context }, async () => {
      log.info({ job: "some-job" }, "inside");
      tracing.outside(() => log.info("of a loop"));
    });
    log.info("outside");
    await tracing.close();
    expect(lines).toMatchObject([{ msg: "inside", job: "some-job", trace_id: traceId }, {}, {}]);
    expect(lines[0]?.["span_id"]).toBe(collector.spans[0]?.spanId);
    expect(lines.slice(1).map((line) => "trace_id" in line)).toEqual([false, false]);
  });
});

describe("a collector that does not take spans", () => {
  it("is reported, delays nothing, and receives later spans once it is back", async () => {
    const collector = await otlpCollector();
    collector.behave("refuse");
    const errors: unknown[] = [];
    const tracing = await tracingTo(collector.url, { timeoutMs: 500 }, (error) => errors.push(error));
    expect(await tracing.inSpan({ name: "while it is away" }, async () => "done")).toBe("done");
    await eventually(() => expect(errors.length).toBeGreaterThan(0));
    collector.behave("accept");
    await tracing.inSpan({ name: "once it is back" }, async () => undefined);
    await tracing.close();
    expect(collector.spans.map(({ name }) => name)).toContain("once it is back");
  });

  it("does not keep tracing from closing while it hangs, nor when nothing listens", async () => {
    const collector = await otlpCollector();
    collector.behave("hang");
    const hanging = await tracingTo(collector.url, { timeoutMs: 60_000 });
    await hanging.inSpan({ name: "sent to nobody" }, async () => undefined);
    await hanging.close();
    const absent = await tracingTo("http://127.0.0.1:1", { timeoutMs: 60_000 });
    await absent.inSpan({ name: "sent to nobody" }, async () => undefined);
    await absent.close();
    expect(collector.spans).toEqual([]);
  });
});
