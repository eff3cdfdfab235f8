import { type DigestKind, renderDigest } from "../../email/render/digest.ts";
import { type Item, type Recipient, type Rendered, renderItem } from "../../email/render/letters.ts";
import { NOTIFICATION_TYPES, notificationTypeOf } from "../../notifications/index.ts";
import { NAMELESS, type Names, type ToldEvent } from "../../notifications/notification-type.ts";

const GARDENS = { id: "1", name: "Riverbank Gardens" };
const LIBRARY = { id: "2", name: "Open Library & Café" };

/** What an event might tell. The words come from its type, as they do in a real letter. */
type Example = {
  readonly payload?: unknown;
  readonly names?: Partial<Names>;
  readonly project?: Item["project"];
};

const by = (actor: string, names: Partial<Names> = {}): Partial<Names> => ({ actor, ...names });

/** Names hold what must be escaped. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  document_uploaded: { names: by("Ines Duarte", { resource: "Planting plan 2026.pdf" }), project: GARDENS },
  thread_unread_stale: {
    payload: { user_id: 5, threads: [{ thread_id: 7, unread: 3, oldest_unread_id: 1, step: 1 }] },
    names: { thread: "Water & soil" },
    project: GARDENS,
  },
  resume_incomplete_nudge: {
    payload: { user_id: 5, resume_kind: "project", completeness: 60, step: 1 },
    project: GARDENS,
  },
  invite_accepted: {
    payload: { org_id: 1 },
    names: by("Tomás O'Brien", { organization: "Green City <North>" }),
  },
  project_access_granted: {
    payload: { affected_user_id: 5, new_permission: "view" },
    names: by("Ines Duarte"),
    project: LIBRARY,
  },
  project_access_changed: {
    payload: { affected_user_id: 5, old_permission: "view", new_permission: "edit" },
    names: by("Ines Duarte"),
    project: LIBRARY,
  },
  chat_thread_participant_added: {
    payload: { added_user_id: 5 },
    names: by("Ines Duarte", { thread: "Opening day" }),
    project: LIBRARY,
  },
  "budget.awarded": {
    payload: {
      user_id: "5",
      profile_id: "5",
      organization_id: "1",
      period_id: "9",
      period: "weekly",
      period_start: "2026-03-02",
      rank: 3,
      amount: "18.40",
    },
  },
  "candidate.matched": {
    payload: { user_id: 5, score: 92, skills: ["Carpentry", "Book repair", "C++"] },
    project: LIBRARY,
  },
  "lead.candidates_found": {
    payload: {
      count: 3,
      candidates: [
        { user_id: 6, name: "Ada Obi", score: 91 },
        { user_id: 7, name: "Tomás O'Brien", score: 84 },
        { user_id: 8, name: "Lin <Mei>", score: 70 },
      ],
    },
    project: GARDENS,
  },
  "recommendations.ready": { payload: { user_id: 5, count: 5 } },
  "calendar.action_required": { payload: { user_id: 5, connection_id: 1, provider: "google" } },
};

/** What breaks letters: words without an end, and scripts that run the other way. */
const HARD: Readonly<Record<string, Example>> = {
  "hard-long-words": {
    names: by("Bartholomew-Maximilian Featherstonehaugh-Cholmondeley", {
      resource: `${"2026_final_FINAL_revised_".repeat(8)}v2.pdf`,
    }),
    project: {
      id: "3",
      name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    },
  },
  "hard-right-to-left": {
    names: by("דוד כהן", { resource: "خطة الزراعة 2026.pdf 🌱" }),
    project: { id: "4", name: "גינות הנהר 👩‍🌾" },
  },
};
const HARD_TYPE = "document_uploaded";

const READER = { userId: "5", timeZone: "America/Los_Angeles", now: new Date("2026-03-09T17:00:00Z") };

function told(eventType: string, { payload = {}, names = {}, project = null }: Example): ToldEvent {
  const schema = notificationTypeOf(eventType)?.event.payload;
  return {
    id: "1",
    type: eventType,
    actorId: "6",
    projectId: project?.id ?? null,
    resourceId: "12",
    threadId: "7",
    meetingId: null,
    occurredAt: READER.now,
    payload: schema?.parse(payload),
    names: { ...NAMELESS, project: project?.name ?? null, ...names },
  };
}

/** Undefined for what is never mailed, and for what nobody has made an example of. */
function itemOf(eventType: string, publicUrl: string, example = EXAMPLES[eventType]): Item | undefined {
  const type = notificationTypeOf(eventType);
  if (type === undefined || example === undefined) return undefined;
  const { title, body, link } = type.text(told(eventType, example), READER);
  return { eventType, title, body, url: `${publicUrl}${link}`, project: example.project ?? null };
}

const photo = (n: number): Example => ({
  names: by("Ines Duarte", { resource: `Site photo ${n}.jpg` }),
  project: GARDENS,
});
const PRICES: Example = {
  names: by("Tomás O'Brien", { resource: "<Opening> hours & prices.xlsx" }),
  project: LIBRARY,
};

/** More documents than a section shows, two projects, and something that belongs to none. */
function digestItems(publicUrl: string): Item[] {
  const items = [
    ...Array.from({ length: 12 }, (_, n) => itemOf("document_uploaded", publicUrl, photo(n + 1))),
    itemOf("thread_unread_stale", publicUrl),
    itemOf("candidate.matched", publicUrl),
    itemOf("document_uploaded", publicUrl, PRICES),
    itemOf("budget.awarded", publicUrl),
  ];
  return items.filter((item) => item !== undefined);
}

const hardItems = (publicUrl: string): Item[] =>
  Object.values(HARD).flatMap((example) => {
    const item = itemOf(HARD_TYPE, publicUrl, example);
    return item === undefined ? [] : [item, { ...item, body: "" }];
  });

const DIGESTS: Readonly<Record<string, { kind: DigestKind; itemsAt: (publicUrl: string) => Item[] }>> = {
  "digest-hourly": { kind: "hourly", itemsAt: digestItems },
  "digest-daily": { kind: "daily", itemsAt: digestItems },
  "digest-weekly": { kind: "weekly", itemsAt: digestItems },
  "hard-digest": { kind: "daily", itemsAt: hardItems },
};

const MAILED = NOTIFICATION_TYPES.map(({ event }) => event.type).filter((type) => type in EXAMPLES);

/** Names of everything that the gallery shows. */
export const SAMPLE_NAMES: readonly string[] = [...MAILED, ...Object.keys(HARD), ...Object.keys(DIGESTS)];

/** A letter with made-up content; undefined for a name that there is none of. */
export function renderSample(name: string, publicUrl: string): Rendered | undefined {
  if (!SAMPLE_NAMES.includes(name)) return undefined;
  const recipient: Recipient = {
    name: "Ada",
    homeUrl: `${publicUrl}/notifications`,
    preferencesUrl: `${publicUrl}/settings/notifications`,
    unsubscribeUrl: notificationTypeOf(name)?.isMustSend ? null : `${publicUrl}/unsubscribe/sample`,
  };
  const digest = DIGESTS[name];
  if (digest) return renderDigest({ kind: digest.kind, items: digest.itemsAt(publicUrl) }, recipient);
  const hard = HARD[name];
  const item = hard ? itemOf(HARD_TYPE, publicUrl, hard) : itemOf(name, publicUrl);
  return item && renderItem(item, recipient);
}
