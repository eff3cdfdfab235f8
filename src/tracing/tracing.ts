/**
 * A span in its trace, as the text of the W3C header `traceparent`. Work enqueued during it belongs to that
 * trace.
 */
export type TraceContext = string;

/** Ids, counts, names of jobs and queues. Never a text, an address or a name of a person. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export type NewSpan = {
  /** The same for all spans of a kind: no ids. */
  readonly name: string;
  /** Default: `internal`. */
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  /** Null begins a trace, and so does a text that is no context. Default: the current span. */
  readonly parent?: TraceContext | null;
  readonly links?: readonly TraceContext[];
  readonly attributes?: SpanAttributes;
  /** Default: now. */
  readonly startedAt?: Date;
};

/** A span that has not ended. */
export type Span = {
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Refers to a span of another trace. */
  link(to: TraceContext): void;
  end(): void;
};

/** Records work as spans. If tracing is off (`UNTRACED`), every function does nothing. */
export type Tracing = {
  /** If false, callers need not collect the data to record. */
  readonly isOn: boolean;
  /** The span in which the caller runs. */
  current(): Span | null;
  start(span: NewSpan): Span;
  /** Runs work in a span that ends with it. A rejection is recorded by its code or the name of its class. */
  inSpan<T>(span: NewSpan, work: (span: Span) => Promise<T>): Promise<T>;
  /** Runs work in no span: a loop of the process that happens to be woken inside one. */
  outside<T>(work: () => T): T;
  /** The fields for log lines written in the current span. */
  logFields(): Readonly<Record<string, string>>;
  /** Exports the recorded spans, within two seconds at most. Never throws. */
  close(): Promise<void>;
};

const NO_SPAN: Span = { context: "", set: () => undefined, link: () => undefined, end: () => undefined };

/** Tracing that is off. */
export const UNTRACED: Tracing = {
  isOn: false,
  current: () => null,
  start: () => NO_SPAN,
  inSpan: (_span, work) => work(NO_SPAN),
  outside: (work) => work(),
  logFields: () => ({}),
  close: async () => undefined,
};
