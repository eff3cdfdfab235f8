import { type Formats, formatsOf } from "../languages/formats.ts";
import type { Language } from "../languages/language.ts";
import type { Count } from "../languages/message.ts";
import { phrasesIn, type TextSet } from "../languages/texts.ts";
import type { EmailWording } from "./email-wording.ts";
import type {
  AnyNotificationType,
  Notifiable,
  NotificationEvent,
  NotificationText,
  NotificationType,
  Reader,
  Writer,
} from "./notification-type.ts";
import { COMMON_TEXTS, named } from "./wording.ts";

export type WriteOptions = {
  /** How many events of its thread the notification counts. Default: one. */
  readonly count?: Count;
  /** Called when the text contains a time. */
  readonly onTime?: () => void;
};

/**
 * Writes a notification in the language and the zone of its reader.
 */
export function writeText(
  type: AnyNotificationType,
  event: NotificationEvent,
  { language, timeZone, isMentioned, now }: Reader,
  { count = 1, onTime }: WriteOptions = {},
): NotificationText {
  const { timeIn, wording } = wordingOf(type, language);
  return type.text(event, {
    ...wording,
    time: (at) => {
      onTime?.();
      return timeIn(at, timeZone);
    },
    actor: named(event.names.actor, wording.someone),
    isMentioned,
    now,
    count,
  });
}

/**
 * Writes texts of many readers: once for all that have a language in common, or a zone as well where a text
 contains a time. All readers have the same `now`.
 */
export function createTextWriter(): (one: Notifiable & { readonly reader: Reader }) => NotificationText {
  const written = new Map<NotificationEvent, Map<string, NotificationText>>();
  return ({ type, event, reader }) => {
    const ofEvent = written.get(event) ?? new Map<string, NotificationText>();
    written.set(event, ofEvent);
    const anyZone = `${reader.language.tag} ${reader.isMentioned}`;
    const oneZone = `${anyZone} ${reader.timeZone}`;
    const known = ofEvent.get(anyZone) ?? ofEvent.get(oneZone);
    if (known !== undefined) return known;
    let hasTime = false;
    const text = writeText(type, event, reader, { onTime: () => (hasTime = true) });
    ofEvent.set(hasTime ? oneZone : anyZone, text);
    return text;
  };
}

/** What all texts of a type in a language are written with. */
type Wording = {
  readonly wording: Omit<Writer, "actor" | "count" | "isMentioned" | "now" | "time">;
  readonly timeIn: Formats["time"];
};

const wordings = new WeakMap<AnyNotificationType, Map<Language, Wording>>();

/** Made once: a fan-out writes thousands of texts of a type in a few languages. */
function wordingOf(type: AnyNotificationType, language: Language): Wording {
  const ofType = wordings.get(type) ?? new Map<Language, Wording>();
  wordings.set(type, ofType);
  const wording = ofType.get(language) ?? makeWording(type, language);
  ofType.set(language, wording);
  return wording;
}

function makeWording(
  { event: { type: name }, texts, translations }: AnyNotificationType,
  language: Language,
): Wording {
  const set: TextSet = { name, english: texts, translations };
  const { time: timeIn, ...formats } = formatsOf(language.tag);
  const someone = phrasesIn(language, COMMON_TEXTS).plain("someone");
  return { wording: { ...phrasesIn(language, set), ...formats, someone }, timeIn };
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
