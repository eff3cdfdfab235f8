import type { ExportFailed, TracingSettings } from "./settings.ts";
import { type Tracing, UNTRACED } from "./tracing.ts";

/** Opens tracing. Its packages are loaded only if there is an endpoint. */
export async function openTracing(
  settings: TracingSettings | null,
  onError: ExportFailed = () => undefined,
): Promise<Tracing> {
  if (settings === null) return UNTRACED;
  const { openOtlpTracing } = await import("./otlp-tracing.ts");
  return openOtlpTracing(settings, onError);
}
