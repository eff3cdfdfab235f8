import { formatsOf } from "../languages/formats.ts";
import type { Language } from "../languages/language.ts";
import type { Count } from "../languages/message.ts";
import { phrasesIn, type TextSet } from "../languages/texts.ts";
import type { EmailWording } from "./email-wording.ts";
import type {
  AnyNotificationType,
  NotificationEvent,
  NotificationText,
  NotificationType,
  Reader,
} from "./notification-type.ts";
import { COMMON_TEXTS, named } from "./wording.ts";

/**
 * Writes a notification in the language and the zone of its reader.
 *
 * @param count how many events of its thread the notification counts.
 */
export function writeText(
  { event: { type: name }, texts, translations, text }: AnyNotificationType,
  event: NotificationEvent,
  reader: Reader,
  count: Count = 1,
): NotificationText {
  const { language, timeZone, isMentioned, now } = reader;
  const { time, ...formats } = formatsOf(language.tag);
  const set: TextSet = { name, english: texts, translations };
  const someone = phrasesIn(language, COMMON_TEXTS).plain("someone");
  return text(event, {
    ...phrasesIn(language, set),
    ...formats,
    time: (at) => time(at, timeZone),
    actor: named(event.names.actor, someone),
    someone,
    isMentioned,
    now,
    count,
  });
}

/** The wording of e-mail about a type in a language. Null if it is never mailed. */
export function emailWording<P>(
  { event: { type: name }, email, translations }: NotificationType<P>,
  language: Language,
): EmailWording | null {
  if (email === null) return null;
  const { section, button, reason, about, textItems, digestLength } = email;
  const english = { section, button, reason, about };
  const { plain } = phrasesIn(language, { name, english, translations });
  return {
    section: plain("section"),
    button: plain("button"),
    reason: plain("reason"),
    about: plain("about"),
    textItems,
    digestLength,
  };
}
