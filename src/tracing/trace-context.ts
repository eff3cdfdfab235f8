import type { TraceContext } from "./tracing.ts";

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ALL_ZERO = /^0+$/;
const SAMPLED = 1;

export type ContextParts = {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
};

/** The parts of a context; null for any other text, as a caller or a host may send one. */
export function parseContext(context: TraceContext): ContextParts | null {
  const [, traceId = "", spanId = "", flags = ""] = FORM.exec(context) ?? [];
  if (ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId) || traceId === "") return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export const contextOf = ({ traceId, spanId, flags }: ContextParts): TraceContext =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, "0")}`;

/** The id under which a trace is found; null for a text that is no context. */
export const traceIdOf = (context: TraceContext | null): string | null =>
  (context === null ? null : parseContext(context)?.traceId) ?? null;

/**
 * Sorts recorded contexts first: the first one becomes the parent of work with several causes, and decides
 * whether it is recorded.
 */
export const recordedFirst = <T>(all: readonly T[], contextOfOne: (one: T) => TraceContext): readonly T[] => {
  const isRecorded = (one: T) => ((parseContext(contextOfOne(one))?.flags ?? 0) & SAMPLED) === SAMPLED;
  return [...all.filter(isRecorded), ...all.filter((one) => !isRecorded(one))];
};
