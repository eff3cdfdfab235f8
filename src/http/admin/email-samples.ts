import { renderDigest } from "../../email/render/digest.ts";
import { type Item, type Recipient, type RenderedEmail, renderItem } from "../../email/render/email.ts";
import { ENGLISH, type Language } from "../../languages/language.ts";
import { documentUploadedNotification } from "../../notifications/document-uploaded.ts";
import { NOTIFICATION_TYPES } from "../../notifications/index.ts";
import {
  type AnyNotificationType,
  NAMELESS,
  type NotificationEvent,
  type Sample,
} from "../../notifications/notification-type.ts";
import { byInes, byTomas, SAMPLE_GARDENS, SAMPLE_LIBRARY } from "../../notifications/samples.ts";
import { emailWording, writeText } from "../../notifications/write-text.ts";
import type { DigestCadence } from "../../scoring/notifications/notify-decision.ts";

const MAILED = new Map(
  NOTIFICATION_TYPES.flatMap((type) => (type.email === null ? [] : [[type.event.type, type]])),
);

/** Documents with content that breaks layouts: words without a break, and right-to-left names. */
const HARD: Readonly<Record<string, Sample<Record<string, never>>>> = {
  "hard-long-words": {
    payload: {},
    names: {
      actor: "Bartholomew-Maximilian Featherstonehaugh-Cholmondeley",
      resource: `${"2026_final_FINAL_revised_".repeat(8)}v2.pdf`,
    },
    project: {
      id: "3",
      name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    },
  },
  "hard-right-to-left": {
    payload: {},
    names: { actor: "דוד כהן", resource: "خطة الزراعة 2026.pdf 🌱" },
    project: { id: "4", name: "גינות הנהר 👩‍🌾" },
  },
};

const DIGESTS: Readonly<
  Record<
    string,
    { cadence: DigestCadence; itemsAt: (publicUrl: string, language: Language) => readonly Item[] }
  >
> = {
  "digest-hourly": { cadence: "hourly", itemsAt: digestItems },
  "digest-daily": { cadence: "daily", itemsAt: digestItems },
  "digest-weekly": { cadence: "weekly", itemsAt: digestItems },
  "hard-digest": { cadence: "daily", itemsAt: hardItems },
};

/** The names of all samples. */
export const SAMPLE_NAMES: readonly string[] = [
  ...MAILED.keys(),
  ...Object.keys(HARD),
  ...Object.keys(DIGESTS),
];

/** Renders an e-mail with made-up content; undefined if there is no sample of this name. */
export function renderSample(
  name: string,
  publicUrl: string,
  language: Language = ENGLISH,
): RenderedEmail | undefined {
  if (!SAMPLE_NAMES.includes(name)) return undefined;
  const type = MAILED.get(name);
  const recipient: Recipient = {
    name: "Ada",
    language,
    homeUrl: `${publicUrl}/notifications`,
    preferencesUrl: `${publicUrl}/settings/notifications`,
    unsubscribeUrl: type?.isMustSend ? null : `${publicUrl}/unsubscribe/sample`,
  };
  const digest = DIGESTS[name];
  if (digest)
    return renderDigest({ cadence: digest.cadence, items: digest.itemsAt(publicUrl, language) }, recipient);
  const [item] = type
    ? itemsOf(type, publicUrl, language)
    : itemsOf(documentUploadedNotification, publicUrl, language, HARD[name]);
  return item && renderItem(item, recipient);
}

const READER = { timeZone: "America/Los_Angeles", isMentioned: false, now: new Date("2026-03-09T17:00:00Z") };

/** One item, or none for a type that is never mailed. */
function itemsOf(
  type: AnyNotificationType,
  publicUrl: string,
  language: Language,
  sample: Sample<unknown> | undefined = type.email?.sample,
): Item[] {
  const wording = emailWording(type, language);
  if (wording === null || sample === undefined) return [];
  const eventType = type.event.type;
  const { title, body, link } = writeText(type, sampleEvent(eventType, sample), { ...READER, language });
  const project = sample.project ?? null;
  return [{ eventType, title, body, url: `${publicUrl}${link}`, project, wording }];
}

function sampleEvent(type: string, { payload, names = {}, project }: Sample<unknown>): NotificationEvent {
  return {
    id: "1",
    type,
    actorId: "6",
    projectId: project?.id ?? null,
    resourceId: "12",
    threadId: "7",
    meetingId: null,
    occurredAt: READER.now,
    payload,
    names: { ...NAMELESS, project: project?.name ?? null, ...names },
  };
}

/** More documents than a section shows, two projects, and an item without a project. */
function digestItems(publicUrl: string, language: Language): Item[] {
  const document = (sample: Omit<Sample<unknown>, "payload">) =>
    itemsOf(documentUploadedNotification, publicUrl, language, { payload: {}, ...sample });
  const sampleOf = (eventType: string) => {
    const type = MAILED.get(eventType);
    return type === undefined ? [] : itemsOf(type, publicUrl, language);
  };
  return [
    ...Array.from({ length: 12 }, (_, n) =>
      document({ names: byInes({ resource: `Site photo ${n + 1}.jpg` }), project: SAMPLE_GARDENS }),
    ).flat(),
    ...sampleOf("thread_unread_stale"),
    ...sampleOf("candidate.matched"),
    ...document({ names: byTomas({ resource: "<Opening> hours & prices.xlsx" }), project: SAMPLE_LIBRARY }),
    ...sampleOf("budget.awarded"),
  ];
}

function hardItems(publicUrl: string, language: Language): Item[] {
  return Object.values(HARD)
    .flatMap((sample) => itemsOf(documentUploadedNotification, publicUrl, language, sample))
    .flatMap((item) => [item, { ...item, body: "" }]);
}
