import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  type Link,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { databaseFault } from "../database-fault.ts";
import { settlesWithin } from "../deadlines.ts";
import type { ExportFailed, SamplerName, TracingSettings } from "./settings.ts";
import { contextOf, parseContext } from "./trace-context.ts";
import type { NewSpan, Span, TraceContext, Tracing } from "./tracing.ts";

/** Spans that wait for their export: some megabytes. Those beyond it are dropped. */
const MAX_WAITING = 8_192;
const SPANS_PER_REQUEST = 512;
const EXPORT_EVERY_MS = 2_000;
/** A batch links to its entries; the default of the SDK is 128. */
const MAX_LINKS = 500;
/** A collector that hangs may delay the end of the process for this long. */
const CLOSE_WITHIN_MS = 2_000;

/**
 * Tracing by the SDK of OpenTelemetry. Spans are exported in the background, from a queue of bounded length:
 * a collector that is away or hangs delays nothing. Nothing is registered globally, so no library adds spans
 * or headers of its own.
 */
export function openOtlpTracing(settings: TracingSettings, onError: ExportFailed): Tracing {
  const provider = createProvider(settings, onError);
  const tracer = provider.getTracer("commonwork");
  const running = new AsyncLocalStorage<Span | null>();
  const current = () => running.getStore() ?? null;
  const startOtel = ({ name, kind = "internal", parent, links = [], attributes = {}, startedAt }: NewSpan) =>
    tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        attributes: attributes as Attributes,
        links: links.flatMap((to) => linkTo(to) ?? []),
        ...(startedAt === undefined ? {} : { startTime: startedAt }),
      },
      contextBelow(parent === undefined ? (current()?.context ?? null) : parent),
    );
  return {
    isOn: true,
    current,
    start: (span) => spanOf(startOtel(span)),
    async inSpan(given, work) {
      const otel = startOtel(given);
      const span = spanOf(otel);
      try {
        return await running.run(span, () => work(span));
      } catch (error) {
        otel.setAttribute("error.type", errorType(error));
        otel.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        otel.end();
      }
    },
    outside: (work) => running.run(null, work),
    logFields() {
      const parts = parseContext(current()?.context ?? "");
      return parts === null ? {} : { trace_id: parts.traceId, span_id: parts.spanId };
    },
    close: async () => void (await settlesWithin(CLOSE_WITHIN_MS, provider.shutdown())),
  };
}

function createProvider(settings: TracingSettings, onError: ExportFailed): TracerProvider {
  const exporter = new OTLPTraceExporter({
    url: `${settings.endpoint}/v1/traces`,
    headers: { ...settings.headers },
    timeoutMillis: settings.timeoutMs,
  });
  const processor = new BatchSpanProcessor({
    exporter: reporting(exporter, onError),
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: SPANS_PER_REQUEST,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: settings.timeoutMs,
  });
  return new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(settings.resource)),
    sampler: samplerOf(settings),
    spanLimits: { linkCountLimit: MAX_LINKS },
    spanProcessors: [processor],
  });
}

/** The exporter, which reports what it could not export. */
const reporting = (exporter: SpanExporter, onError: ExportFailed): SpanExporter => ({
  export: (spans, done) =>
    exporter.export(spans, (result) => {
      if (result.error !== undefined) onError(result.error);
      done(result);
    }),
  shutdown: () => exporter.shutdown(),
});

const isParentBased = (name: SamplerName): boolean => name.startsWith("parentbased_");

function samplerOf({ sampler, ratio }: TracingSettings): Sampler {
  const root = sampler.endsWith("always_on")
    ? new AlwaysOnSampler()
    : sampler.endsWith("always_off")
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return isParentBased(sampler) ? new ParentBasedSampler({ root }) : root;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

function contextBelow(parent: TraceContext | null): Context {
  const parts = parent === null ? null : parseContext(parent);
  if (parts === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parts));
}

function linkTo(context: TraceContext): Link | null {
  const parts = parseContext(context);
  return parts === null ? null : { context: spanContextOf(parts) };
}

const spanContextOf = ({ traceId, spanId, flags }: NonNullable<ReturnType<typeof parseContext>>) => ({
  traceId,
  spanId,
  traceFlags: flags,
});

function spanOf(otel: OtelSpan): Span {
  const { traceId, spanId, traceFlags } = otel.spanContext();
  return {
    context: contextOf({ traceId, spanId, flags: traceFlags }),
    set: (attributes) => void otel.setAttributes(attributes as Attributes),
    link(to) {
      const link = linkTo(to);
      if (link !== null) otel.addLink(link);
    },
    end: () => otel.end(),
  };
}

/** The code of Postgres or the system, or the class of the error: messages may contain values. */
const errorType = (error: unknown): string =>
  databaseFault(error)?.code ?? (error instanceof Error ? error.name : typeof error);
