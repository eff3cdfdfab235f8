import type { Names, NotificationEvent } from "./notification-type.ts";

/** The name of the actor. */
export const actorOf = ({ actor }: Names): string => named(actor, "Someone");

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * A name, or the fallback if it is missing or blank. Right-to-left names are wrapped in Unicode isolates, so
 * that two of them in one sentence keep their order, in subjects too.
 */
export const named = (name: string | null, fallback: string): string => {
  if (name === null || name.trim() === "") return fallback;
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
};

/** `1 message`, `2 messages`. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** A time in the reader's zone: `Tue, Jun 2, 3:00 PM PDT`. */
export function timeIn(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  })
    .format(at)
    .replaceAll("\u202f", " ");
}

/** A date: `2026-03-02` becomes `Mar 2, 2026`. Other text is returned unchanged. */
export function dayIn(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return date;
  return new Intl.DateTimeFormat("en-US", { timeZone: "UTC", dateStyle: "medium" }).format(day);
}

export const projectLink = ({ projectId }: Pick<NotificationEvent, "projectId">): string =>
  `/projects/${projectId ?? ""}`;
export const threadLink = ({ threadId }: Pick<NotificationEvent, "threadId">): string =>
  `/chat/${threadId ?? ""}`;
export const meetingLink = ({ meetingId }: Pick<NotificationEvent, "meetingId">): string =>
  `/meetings/${meetingId ?? ""}`;
export const documentLink = (event: Pick<NotificationEvent, "projectId" | "resourceId">): string =>
  `${projectLink(event)}/documents/${event.resourceId ?? ""}`;
