import { type DigestKind, renderDigest } from "./digest.ts";
import { KNOWN_TYPES } from "./kinds.ts";
import { type Item, type Recipient, type Rendered, renderItem } from "./letters.ts";

const GARDENS = { id: "1", name: "Riverbank Gardens" };
const LIBRARY = { id: "2", name: "Open Library & Café" };

type Sample = Pick<Item, "title" | "body"> & { readonly project: Item["project"] };

/** What each type might tell. Names and texts hold what must be escaped. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  document_uploaded: {
    title: "New document in Riverbank Gardens: Planting plan 2026.pdf",
    body: "**Ines Duarte** uploaded **Planting plan 2026.pdf** to **Riverbank Gardens**.",
    project: GARDENS,
  },
  thread_unread_stale: {
    title: "3 unread messages in Water & soil",
    body: "**3 unread messages** in **Water \\& soil** wait for you.",
    project: GARDENS,
  },
  resume_incomplete_nudge: {
    title: "The project resume of Riverbank Gardens is 60% complete",
    body: "The project resume of **Riverbank Gardens** is **60%** complete. A complete one is found by more people.",
    project: GARDENS,
  },
  invite_accepted: {
    title: "Tomás O'Brien joined Green City <North>",
    body: "**Tomás O'Brien** accepted the invitation to **Green City \\<North\\>**.",
    project: null,
  },
  project_access_granted: {
    title: "You now have access to Open Library & Café",
    body: "**Ines Duarte** gave you access to **Open Library \\& Café**.",
    project: LIBRARY,
  },
  project_access_changed: {
    title: "You can now edit Open Library & Café",
    body: "**Ines Duarte** lets you edit **Open Library \\& Café**.",
    project: LIBRARY,
  },
  chat_thread_participant_added: {
    title: "You were added to Opening day",
    body: "**Ines Duarte** added you to **Opening day**. You see everything that was said before, too.",
    project: LIBRARY,
  },
  "budget.awarded": {
    title: "You won 18.40 tokens",
    body: "Rank 3 of the weekly budget that began 2026-03-01 brings you **18.40** tokens.",
    project: null,
  },
  "candidate.matched": {
    title: "Open Library & Café looks for somebody like you",
    body: "**Open Library \\& Café** looks for what you can do: it fits to **92%**.",
    project: LIBRARY,
  },
  "lead.candidates_found": {
    title: "4 candidates for Riverbank Gardens",
    body: "**4 people** fit what **Riverbank Gardens** looks for.",
    project: GARDENS,
  },
  "recommendations.ready": {
    title: "5 new recommendations for you",
    body: "**5 recommendations** are ready. Two are close to home, and one is urgent.",
    project: null,
  },
  "calendar.action_required": {
    title: "Your calendar is not connected any more",
    body: "Google does not accept our access any longer. Meetings are not kept in step until you connect it again.",
    project: null,
  },
};

const recipientAt = (publicUrl: string): Recipient => ({
  name: "Ada",
  homeUrl: `${publicUrl}/notifications`,
  preferencesUrl: `${publicUrl}/settings/notifications`,
  unsubscribeUrl: `${publicUrl}/unsubscribe/sample`,
});

const MUST_SEND = "calendar.action_required";

function sampleItem(eventType: string, publicUrl: string): Item {
  const sample = SAMPLES[eventType] ?? { title: "Something new", body: "", project: null };
  return { eventType, ...sample, url: `${publicUrl}/projects/${sample.project?.id ?? "1"}` };
}

/** Twelve documents: more than a section shows. */
const digestItems = (publicUrl: string): Item[] => [
  ...Array.from({ length: 12 }, (_, n) => ({
    ...sampleItem("document_uploaded", publicUrl),
    title: `New document in Riverbank Gardens: Site photo ${n + 1}.jpg`,
    body: `**Ines Duarte** uploaded **Site photo ${n + 1}.jpg** to **Riverbank Gardens**.`,
  })),
  sampleItem("thread_unread_stale", publicUrl),
  sampleItem("candidate.matched", publicUrl),
  {
    ...sampleItem("document_uploaded", publicUrl),
    title: "New document in Open Library & Café: <Opening> hours & prices.xlsx",
    body: "**Tomás O'Brien** uploaded **\\<Opening\\> hours \\& prices.xlsx** to **Open Library \\& Café**.",
    project: LIBRARY,
  },
  sampleItem("budget.awarded", publicUrl),
];

const DIGESTS: readonly DigestKind[] = ["hourly", "daily", "weekly"];

/** Names of everything that the gallery shows. */
export const SAMPLE_NAMES: readonly string[] = [...KNOWN_TYPES, ...DIGESTS.map((kind) => `digest-${kind}`)];

/** A letter with made-up content; undefined for a name that there is none of. */
export function renderSample(name: string, publicUrl: string): Rendered | undefined {
  const recipient = recipientAt(publicUrl);
  const digest = DIGESTS.find((kind) => name === `digest-${kind}`);
  if (digest !== undefined) return renderDigest({ kind: digest, items: digestItems(publicUrl) }, recipient);
  if (!KNOWN_TYPES.includes(name)) return undefined;
  const mustSend = name === MUST_SEND ? { unsubscribeUrl: null } : {};
  return renderItem(sampleItem(name, publicUrl), { ...recipient, ...mustSend });
}
