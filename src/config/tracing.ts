import { SAMPLERS, type TracingSettings } from "../tracing/settings.ts";
import { VERSION } from "../version.ts";
import { defineArea } from "./area.ts";
import { entriesOf, oneOf, share, textOr, url, whole, withDefault } from "./fields.ts";

/** Pairs as the standard variables write them: `name=value,name=value`, percent-encoded. */
const pairs = withDefault("", {
  rule: "pairs such as name=value, separated by commas",
  parse: (written): Readonly<Record<string, string>> | undefined => {
    const all = entriesOf(written).map((entry) => /^([^=\s]+)\s*=\s*(.*)$/.exec(entry));
    if (all.some((pair) => pair === null)) return undefined;
    return Object.fromEntries(all.map((pair) => [pair?.[1], decoded(pair?.[2] ?? "")]));
  },
});

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

export const tracing = defineArea({
  title: "Tracing",
  variables: {
    OTEL_EXPORTER_OTLP_ENDPOINT: url("http", "https").describe(
      "Where traces are sent, over OTLP with HTTP, such as `http://localhost:4318`; `/v1/traces` is appended. Unset: tracing is off.",
    ),
    OTEL_EXPORTER_OTLP_HEADERS: pairs.describe(
      "Headers of these requests, such as `authorization=Bearer%20...`, separated by commas.",
    ),
    OTEL_EXPORTER_OTLP_TIMEOUT: whole(10_000, 100, 60_000).describe(
      "How long one request may take, in milliseconds. Work never waits for it.",
    ),
    OTEL_SERVICE_NAME: textOr("commonwork").describe("The name of the service in traces."),
    OTEL_RESOURCE_ATTRIBUTES: pairs.describe(
      "What else describes this process in traces, such as `deployment.environment.name=production`.",
    ),
    OTEL_TRACES_SAMPLER: oneOf("parentbased_always_on", SAMPLERS).describe(
      `Which traces are recorded: ${SAMPLERS.map((name) => `\`${name}\``).join(", ")}. With \`parentbased_\` a trace is recorded if its first span was.`,
    ),
    OTEL_TRACES_SAMPLER_ARG: share("1").describe(
      "The recorded part of the traces for the samplers with `traceidratio`, from 0 to 1.",
    ),
  },
  read: (v) => ({
    tracing: settingsFrom(v.OTEL_EXPORTER_OTLP_ENDPOINT, {
      headers: v.OTEL_EXPORTER_OTLP_HEADERS,
      timeoutMs: v.OTEL_EXPORTER_OTLP_TIMEOUT,
      sampler: v.OTEL_TRACES_SAMPLER,
      ratio: v.OTEL_TRACES_SAMPLER_ARG,
      resource: {
        ...v.OTEL_RESOURCE_ATTRIBUTES,
        "service.name": v.OTEL_SERVICE_NAME,
        "service.version": VERSION,
      },
    }),
  }),
});

const settingsFrom = (
  endpoint: string | undefined,
  rest: Omit<TracingSettings, "endpoint">,
): TracingSettings | null =>
  endpoint === undefined ? null : { endpoint: endpoint.replace(/\/+$/, ""), ...rest };
