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

/** Links have the host's ids. They may contain anything. */
const path = (folder: string, reference: string | null | undefined): string =>
  `/${folder}/${encodeURIComponent(reference ?? "")}`;

type Linked<Id extends keyof NotificationEvent> = Pick<NotificationEvent, Id | "refs">;

export const projectLink = ({ projectId, refs }: Linked<"projectId">): string =>
  path("projects", refs?.project ?? projectId);
export const threadLink = ({ threadId, refs }: Linked<"threadId">): string =>
  path("chat", refs?.thread ?? threadId);
export const meetingLink = ({ meetingId, refs }: Linked<"meetingId">): string =>
  path("meetings", refs?.meeting ?? meetingId);
export const documentLink = (event: Linked<"projectId" | "resourceId">): string =>
  `${projectLink(event)}${path("documents", event.refs?.resource ?? event.resourceId)}`;
export const membersLink = ({ refs }: Pick<NotificationEvent, "refs">, organizationId: string): string =>
  `${path("organizations", refs?.organization ?? organizationId)}/members`;
