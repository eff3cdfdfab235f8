import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { otlpCollector } from "../support/otlp-collector.ts";
import { programFile } from "../support/program-file.ts";
import { recordStatements } from "../support/statements.ts";
import { emitTraced, invitedUser, traceOfSale } from "../support/trace-scenes.ts";
import { createWorld } from "../support/world.ts";

const SERVERS = { DATABASE_URL: "postgres://127.0.0.1/none", REDIS_URL: "redis://127.0.0.1" };

/** The packages of OpenTelemetry that a process loads to start. */
async function loadedWith(environment: Record<string, string>) {
  const { stdout } = await promisify(execFile)(process.execPath, [programFile("loaded-packages")], {
    env: { PATH: process.env["PATH"] ?? "", ...SERVERS, ...environment },
  });
  return JSON.parse(stdout) as { isOn: boolean; packages: string[] };
}

describe("without OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  it("a process loads no package of the SDK", async () => {
    const collector = await otlpCollector();
    const [on, off] = await Promise.all([
      loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }),
      loadedWith({}),
    ]);
    expect(on.isOn).toBe(true);
    expect(on.packages).toEqual(
      expect.arrayContaining(["@opentelemetry/exporter-trace-otlp-http", "@opentelemetry/sdk-trace"]),
    );
    expect(off.isOn).toBe(false);
    // The metrics library loads the types' package; everything else belongs to the SDK.
    expect(off.packages.filter((name) => name !== "@opentelemetry/api")).toEqual([]);
  });

  it("no statement of a sale mentions a trace", async () => {
    const world = await createWorld();
    const statements = await recordStatements(world, () => traceOfSale(world));
    expect(statements.length).toBeGreaterThan(10);
    expect(statements.filter(({ text }) => /\btrace\b/.test(text))).toEqual([]);
    const [kept] = await world.query("select count(trace)::int as runs from job_runs");
    expect(kept).toEqual({ runs: 0 });
  });

  it("an event that a host traces is handled like any other", async () => {
    const world = await createWorld();
    await invitedUser(world);
    await emitTraced(world, "no context at all, and much longer than one would ever be in this place");
    const [entry] = await world.query<{ trace: string }>("select trace from outbox");
    expect(entry?.trace).toHaveLength(55);
    await world.drain();
    expect(world.mailbox).toHaveLength(1);
  });
});

describe("the variables", () => {
  const config = (environment: Record<string, string>) => readConfig({ ...SERVERS, ...environment }).tracing;

  it("are those of the specification", () => {
    expect(
      config({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc, x-tenant=one",
        OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
        OTEL_SERVICE_NAME: "rewards",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.05",
      }),
    ).toEqual({
      endpoint: "http://collector:4318",
      headers: { authorization: "Bearer abc", "x-tenant": "one" },
      timeoutMs: 2_000,
      sampler: "parentbased_traceidratio",
      ratio: 0.05,
      resource: expect.objectContaining({
        "service.name": "rewards",
        "deployment.environment.name": "staging",
      }),
    });
    expect(config({})).toBeNull();
  });

  it.each([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "just a token"],
    ["OTEL_TRACES_SAMPLER", "jaeger_remote"],
    ["OTEL_TRACES_SAMPLER_ARG", "5"],
  ])("reject %s=%s", (name, value) => {
    expect(() => config({ [name]: value })).toThrow(name);
  });
});
