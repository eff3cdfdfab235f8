import { z } from "zod";
import type { AnyEvent, Subject } from "../../events/event.ts";
import { PAYLOAD_REFERENCES, SUBJECT_REFERENCES } from "../../events/event-references.ts";
import type { EmailKind } from "../../scoring/notifications/notify-decision.ts";
import { markdownTable } from "./markdown-table.ts";

/** What Commonwork does with events of a type. */
export type Consequences = {
  /** Who is notified; null: nobody. */
  readonly notified: string | null;
  /** How they are mailed; null: not at all. */
  readonly email: EmailKind | null;
  /** The tables that recipients come from, besides those that the event refers to. */
  readonly recipientTables: readonly string[];
  /** The jobs that are enqueued. */
  readonly jobs: readonly string[];
};

/** The events that a host emits, for docs/connect.md. */
export const eventTable = (events: readonly AnyEvent[], of: (type: string) => Consequences): string =>
  markdownTable(
    ["Event", "Emit it when", "With", "Payload", "Then", "Needs rows of"],
    [...events]
      .sort(byType)
      .map(({ type, about = "", subjects = [], payload }) => [
        `\`${type}\``,
        about,
        code(subjects),
        code(fieldsOf(payload)),
        textOf(of(type)),
        code(tablesOf(subjects, payload, of(type))),
      ]),
  );

/** The tables that must be mirrored or sent for the event to have its effect. */
const tablesOf = (
  subjects: readonly Subject[],
  payload: z.ZodType,
  { recipientTables }: Consequences,
): string[] => [
  ...new Set([
    ...subjects.flatMap((subject) => SUBJECT_REFERENCES[`${subject}_id`]),
    ...shapeOf(payload).flatMap(([name]) => PAYLOAD_REFERENCES[name] ?? []),
    ...recipientTables,
  ]),
];

/** The order of a module's exports depends on how it was loaded. */
const byType = (a: AnyEvent, b: AnyEvent): number => (a.type < b.type ? -1 : 1);

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "-";

const shapeOf = (payload: z.ZodType): [name: string, field: z.ZodType][] =>
  payload instanceof z.ZodObject ? (Object.entries(payload.shape) as [string, z.ZodType][]) : [];

const fieldsOf = (payload: z.ZodType): string[] =>
  shapeOf(payload).map(([name, field]) => `${name}${optional(field)}`);

const optional = (field: z.ZodType): string => (field.safeParse(undefined).success ? "?" : "");

const EMAILED: Readonly<Record<EmailKind, string>> = {
  immediate: "e-mail at once",
  digest: "e-mail in a digest",
  weekly: "e-mail in a weekly digest",
};

const textOf = ({ notified, email, jobs }: Consequences): string =>
  [
    ...(notified === null ? [] : [`notified: ${notified}`, email === null ? "no e-mail" : EMAILED[email]]),
    ...jobs.map((job) => `[\`${job}\`](jobs.md#${job})`),
  ].join("; ");
