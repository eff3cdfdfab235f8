import { z } from "zod";
import type { EventType } from "../../events/event.ts";
import { markdownTable } from "./markdown-table.ts";

/** What Commonwork does about events of a type. */
export type Consequences = {
  /** Who is notified; null: nobody. */
  readonly notified: string | null;
  /** The jobs that are enqueued. */
  readonly jobs: readonly string[];
};

// biome-ignore lint/suspicious/noExplicitAny: events with different payloads share one table.
type AnyEvent = EventType<any>;

/** The events that a host emits, for docs/connect.md. */
export const eventTable = (events: readonly AnyEvent[], of: (type: string) => Consequences): string =>
  markdownTable(
    ["Event", "Emit it when", "With", "Payload", "Then"],
    [...events]
      .sort(byType)
      .map(({ type, about = "", subjects = [], payload }) => [
        `\`${type}\``,
        about,
        code(subjects),
        code(fieldsOf(payload)),
        textOf(of(type)),
      ]),
  );

/** The order of a module's exports depends on how it was loaded. */
const byType = (a: AnyEvent, b: AnyEvent): number => (a.type < b.type ? -1 : 1);

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "-";

const fieldsOf = (payload: z.ZodType): string[] =>
  payload instanceof z.ZodObject
    ? Object.entries(payload.shape).map(([name, field]) => `${name}${optional(field as z.ZodType)}`)
    : [];

const optional = (field: z.ZodType): string => (field.safeParse(undefined).success ? "?" : "");

const textOf = ({ notified, jobs }: Consequences): string =>
  [
    ...(notified === null ? [] : [`notified: ${notified}`]),
    ...jobs.map((job) => `[\`${job}\`](jobs.md#${job})`),
  ].join("; ");
