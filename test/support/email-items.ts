import type { Item, Recipient } from "../../src/email/render/email.ts";
import { ENGLISH } from "../../src/languages/language.ts";
import type { EmailWording } from "../../src/notifications/email-wording.ts";
import { notificationTypeOf } from "../../src/notifications/type-of-event.ts";
import { emailWording } from "../../src/notifications/write-text.ts";

export const recipient: Recipient = {
  name: "Ada",
  language: ENGLISH,
  homeUrl: "https://x.test/notifications",
  preferencesUrl: "https://x.test/settings",
  unsubscribeUrl: "https://x.test/unsubscribe/abc",
};

export const GARDENS = { id: "1", name: "Gardens" };
export const LIBRARY = { id: "2", name: "Library" };

const GENERAL: EmailWording = {
  section: "News",
  button: "Open",
  reason: "You get this because of a test.",
  about: "tests",
};

/** An item with the wording of its type; a type that does not exist gets a general wording. */
export function item(title: string, fields: Partial<Item> = {}): Item {
  const { eventType = "document_uploaded" } = fields;
  const type = notificationTypeOf(eventType);
  return {
    eventType,
    title,
    body: "",
    url: "https://x.test/projects/1",
    project: GARDENS,
    wording: (type && emailWording(type, ENGLISH)) ?? GENERAL,
    ...fields,
  };
}

export const documents = (count: number, fields: Partial<Item> = {}): Item[] =>
  Array.from({ length: count }, (_, n) => item(`Document ${n + 1}.`, fields));

export const occurrences = (text: string, part: RegExp): number => text.match(part)?.length ?? 0;
