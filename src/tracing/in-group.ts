import { recordedFirst } from "./trace-context.ts";
import type { Span, Tracing } from "./tracing.ts";

/**
 * Runs work that several callers wait for, such as a transaction of a group: in the trace of one of them, and
 * linked with the spans of the others in both directions.
 *
 * @param spans those in which the callers wait; null for one that is not traced.
 */
export function inGroup<T>(
  tracing: Tracing,
  name: string,
  spans: readonly (Span | null)[],
  work: () => Promise<T>,
): Promise<T> {
  if (!tracing.isOn) return work();
  const known = spans.filter((span) => span !== null);
  const [first = null, ...others] = recordedFirst(known, ({ context }) => context);
  return tracing.inSpan(
    {
      name,
      parent: first?.context ?? null,
      links: others.map(({ context }) => context),
      attributes: { "commonwork.callers": spans.length },
    },
    (group) => {
      for (const other of others) other.link(group.context);
      return work();
    },
  );
}
