import { defineTexts } from "../languages/texts.ts";
import type { NotificationEvent } from "./notification-type.ts";

/** Texts that several types use. */
export const COMMON_TEXTS = defineTexts("common", {
  someone: "Someone",
});

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * A name, or the fallback if it is missing or blank. Right-to-left names are wrapped in Unicode isolates, so
 * that two of them in one sentence keep their order, in subjects too.
 */
export const named = (name: string | null, fallback: string): string => {
  if (name === null || name.trim() === "") return fallback;
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
};

export const projectLink = ({ projectId }: Pick<NotificationEvent, "projectId">): string =>
  `/projects/${projectId ?? ""}`;
export const threadLink = ({ threadId }: Pick<NotificationEvent, "threadId">): string =>
  `/chat/${threadId ?? ""}`;
export const meetingLink = ({ meetingId }: Pick<NotificationEvent, "meetingId">): string =>
  `/meetings/${meetingId ?? ""}`;
export const documentLink = (event: Pick<NotificationEvent, "projectId" | "resourceId">): string =>
  `${projectLink(event)}/documents/${event.resourceId ?? ""}`;
