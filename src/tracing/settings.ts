export const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Which spans are sent, and where to. */
export type TracingSettings = {
  /** The OTLP endpoint, without `/v1/traces`. */
  readonly endpoint: string;
  /** Headers of each request, such as a token of the collector. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long one request may take. */
  readonly timeoutMs: number;
  readonly sampler: SamplerName;
  /** The recorded part of new traces, from 0 to 1, for the samplers by ratio. */
  readonly ratio: number;
  /** Attributes of this process in each request, such as its service and version. */
  readonly resource: Readonly<Record<string, string>>;
};

/** Receives the first failure of an export, and then at most one a minute. */
export type ExportFailed = (error: unknown) => void;
