import type { TracingSettings } from "../tracing/settings.ts";
import { type Check, type Finding, ok, warning } from "./finding.ts";
import type { SetUp } from "./set-up.ts";

/** Less than the limit of a check, so that its line names the server that did not answer. */
const ANSWERS_WITHIN_MS = 4_000;

/** Sends a request without spans to the collector of traces. Work does not depend on it. */
export const tracingCheck = ({ config }: SetUp): Check => ({
  name: "Tracing",
  look: async () => {
    if (config === null) return ok("not looked at: see Configuration");
    return config.tracing === null ? ok("off") : lookAtCollector(config.tracing);
  },
});

async function lookAtCollector({ endpoint, headers, timeoutMs }: TracingSettings): Promise<Finding> {
  const answer = await fetch(`${endpoint}/v1/traces`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ resourceSpans: [] }),
    signal: AbortSignal.timeout(Math.min(timeoutMs, ANSWERS_WITHIN_MS)),
  }).catch(() => null);
  if (answer === null)
    return warning(
      "The collector of OTEL_EXPORTER_OTLP_ENDPOINT does not answer.",
      "Check the address: it is that of OTLP over HTTP, usually port 4318. Traces are dropped until then.",
    );
  await answer.arrayBuffer();
  return answer.ok
    ? ok("the collector takes traces")
    : warning(
        `The collector of OTEL_EXPORTER_OTLP_ENDPOINT answers ${answer.status}.`,
        "Check the address and OTEL_EXPORTER_OTLP_HEADERS. Traces are dropped until then.",
      );
}
