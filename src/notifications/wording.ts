import type { Names, ToldEvent } from "./notification-type.ts";

/** Whoever did it, by name. */
export const actorOf = ({ actor }: Names): string => named(actor, "Somebody");

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * A name, or what stands for it when there is none. One that runs from right to left is isolated, as Unicode says, so that two of them
 * in one sentence keep their places, in a subject too.
 */
export const named = (name: string | null, otherwise: string): string => {
  if (name === null || name.trim() === "") return otherwise;
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
};

/** `1 message`, `2 messages`. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** `Tue, Jun 2, 3:00 PM PDT`: a time where its reader lives. */
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

/** `Mar 2, 2026`, for a day of the calendar written `2026-03-02`; anything else as it is. */
export function dayIn(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return date;
  return new Intl.DateTimeFormat("en-US", { timeZone: "UTC", dateStyle: "medium" }).format(day);
}

export const projectLink = ({ projectId }: Pick<ToldEvent, "projectId">): string =>
  `/projects/${projectId ?? ""}`;
export const threadLink = ({ threadId }: Pick<ToldEvent, "threadId">): string => `/chat/${threadId ?? ""}`;
export const meetingLink = ({ meetingId }: Pick<ToldEvent, "meetingId">): string =>
  `/meetings/${meetingId ?? ""}`;
export const documentLink = (event: Pick<ToldEvent, "projectId" | "resourceId">): string =>
  `${projectLink(event)}/documents/${event.resourceId ?? ""}`;
