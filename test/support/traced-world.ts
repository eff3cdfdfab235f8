import { onTestFinished } from "vitest";
import { openTracing } from "../../src/tracing/open-tracing.ts";
import type { TracingSettings } from "../../src/tracing/settings.ts";
import type { Tracing } from "../../src/tracing/tracing.ts";
import { type OtlpCollector, otlpCollector, type ReceivedSpan } from "./otlp-collector.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

export const tracingTo = (
  url: string,
  settings: Partial<TracingSettings> = {},
  onError?: (error: unknown) => void,
): Promise<Tracing> =>
  openTracing(
    {
      endpoint: url,
      headers: {},
      timeoutMs: 10_000,
      sampler: "parentbased_always_on",
      ratio: 1,
      resource: { "service.name": "commonwork" },
      ...settings,
    },
    onError,
  );

export type TracedWorld = {
  readonly world: World;
  readonly collector: OtlpCollector;
  readonly tracing: Tracing;
  /** Ends tracing. @returns the spans of a trace, or of all. */
  received(traceId?: string): Promise<readonly ReceivedSpan[]>;
};

/** A world whose spans go to a collector of its own. */
export async function tracedWorld(
  options: WorldOptions = {},
  settings: Partial<TracingSettings> = {},
): Promise<TracedWorld> {
  const collector = await otlpCollector();
  const tracing = await tracingTo(collector.url, settings);
  onTestFinished(() => tracing.close());
  const world = await createWorld({ ...options, tracing });
  return {
    world,
    collector,
    tracing,
    async received(traceId) {
      await tracing.close();
      return collector.spans.filter((span) => traceId === undefined || span.traceId === traceId);
    },
  };
}

/** The context of a caller, as it sends it, and the id of its trace. */
export function callerContext(n = 1): { readonly context: string; readonly traceId: string } {
  const traceId = n.toString(16).padStart(32, "a");
  return { traceId, context: `00-${traceId}-00f067aa0ba902b7-01` };
}
