import type { Names, ToldEvent } from "./notification-type.ts";

/** Whoever did it, by name. */
export const actorOf = ({ actor }: Names): string => named(actor, "Somebody");

/** A name, or what stands for it when there is none. */
export const named = (name: string | null, otherwise: string): string =>
  name === null || name.trim() === "" ? otherwise : name;

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

export const projectLink = ({ projectId }: Pick<ToldEvent, "projectId">): string =>
  `/projects/${projectId ?? ""}`;
export const threadLink = ({ threadId }: Pick<ToldEvent, "threadId">): string => `/chat/${threadId ?? ""}`;
export const meetingLink = ({ meetingId }: Pick<ToldEvent, "meetingId">): string =>
  `/meetings/${meetingId ?? ""}`;
export const documentLink = (event: Pick<ToldEvent, "projectId" | "resourceId">): string =>
  `${projectLink(event)}/documents/${event.resourceId ?? ""}`;
