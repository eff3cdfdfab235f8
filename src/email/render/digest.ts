import { type Html, html } from "../../html.ts";
import type { Language } from "../../languages/language.ts";
import { phrasesIn } from "../../languages/texts.ts";
import type { EmailWording } from "../../notifications/email-wording.ts";
import type { DigestCadence } from "../../scoring/notifications/notify-decision.ts";
import { shorten } from "../../shorten.ts";
import { type DigestGroup, groupsOf, headingOf, type Section } from "./digest-groups.ts";
import {
  bodyHtml,
  footOf,
  greeting,
  type Item,
  lineLink,
  paragraph,
  type Recipient,
  type RenderedEmail,
  renderItem,
  subjectLine,
  unsubscribeFrom,
} from "./email.ts";
import { button, COLOURS, footerText, frame, raw, style } from "./layout.ts";
import { markdownToText } from "./markdown.ts";
import { DIGEST_TEXTS, EMAIL_TEXTS } from "./texts.ts";

/** The subject of a digest: the number of updates, or the first headline. */
export type SubjectVariant = "count" | "headline";

/** At most this many items of a section in HTML. */
export const HTML_ITEMS = 10;
/**
 * Item limits for a project that would make the e-mail too long. If none fits, it and the rest are only
 * counted.
 */
const FEWER_ITEMS = [5, 2, 1];
/** At most this many items of a section in plain text, unless the type sets its own limit. */
const TEXT_ITEMS = 5;
/** Gmail clips e-mails at 102 KB; this is the share of the projects. */
const GROUPS_BYTES = 80_000;
/** The maximum length of one item. The page that it links to has the rest. */
const LINE_LENGTH = 240;

/** Renders items grouped by project and type. A single item is rendered like an e-mail about it. */
export function renderDigest(
  digest: { readonly cadence: DigestCadence; readonly items: readonly Item[] },
  recipient: Recipient,
  variant: SubjectVariant = "count",
): RenderedEmail {
  const { cadence, items } = digest;
  const [only] = items;
  if (items.length === 1 && only) return renderItem(only, recipient);
  const { language } = recipient;
  const { plain } = phrasesIn(language, DIGEST_TEXTS);
  const groups = groupsOf(items, language);
  const subject = subjectOf(items, variant, language);
  const intro = plain(cadence);
  const foot = footOf(recipient, plain(`${cadence}Reason`), unsubscribeLabel(items, language));
  const shown = thatFit(groups, language);
  const rest = restOf(groups.slice(shown.length), language);
  const all = { label: plain("viewAll"), href: recipient.homeUrl };
  const body = html`<h1 class="ink" style="${raw(style.title)}">${shorten(headingOf(items, language), LINE_LENGTH)}</h1>
${paragraph(html`${greeting(recipient)}<br>${intro}`, "14px 0 0")}
${shown.map(({ rendered }) => rendered)}
${rest === null ? null : html`<p class="dim" style="margin:24px 0 0;${raw(style.small)}">${rest}</p>`}
${button(all)}`;
  const text = [
    `${greeting(recipient)}\n\n${intro}\n`,
    ...shown.map(({ group }) => groupText(group, language)),
    rest === null ? "" : `\n${rest}\n`,
    `\n${all.label}: ${all.href}\n\n${footerText(foot, language)}`,
  ].join("");
  return { subject, html: frame({ language, subject, preheader: preheaderOf(items), body, foot }), text };
}

/** Names what the link stops: e-mail of the only type, or all e-mail. */
function unsubscribeLabel(items: readonly Item[], language: Language): string {
  const [first] = items;
  return first !== undefined && items.every(({ eventType }) => eventType === first.eventType)
    ? unsubscribeFrom(first.wording, language)
    : phrasesIn(language, EMAIL_TEXTS).plain("unsubscribeAll");
}

function subjectOf(items: readonly Item[], variant: SubjectVariant, language: Language): string {
  const [first] = items;
  if (variant === "count" || !first) return subjectLine(headingOf(items, language));
  const around = (title: string) =>
    phrasesIn(language, DIGEST_TEXTS).plain("headline", { title, count: items.length - 1 });
  return around(subjectLine(first.title, around("").length));
}

const preheaderOf = (items: readonly Item[]): string =>
  items
    .slice(0, 3)
    .map(({ title }) => title)
    .join(" · ");

/** The number of items in projects that did not fit; null if all did. */
function restOf(hidden: readonly DigestGroup[], language: Language): string | null {
  const count = hidden.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) return null;
  return phrasesIn(language, DIGEST_TEXTS).plain("moreInProjects", { count, projects: hidden.length });
}

/** The first groups that fit into an e-mail; at least one. */
function thatFit(
  groups: readonly DigestGroup[],
  language: Language,
): { group: DigestGroup; rendered: Html }[] {
  const fitting: { group: DigestGroup; rendered: Html }[] = [];
  let room = GROUPS_BYTES;
  for (const group of groups) {
    const rendered = longestWithin(group, room, language);
    room -= bytesOf(rendered);
    if (room < 0 && fitting.length > 0) break;
    fitting.push({ group, rendered });
  }
  return fitting;
}

/** The group with as many items as fit; with the fewest if not even those do. */
function longestWithin(group: DigestGroup, room: number, language: Language): Html {
  let rendered = groupHtml(group, HTML_ITEMS, language);
  for (const items of FEWER_ITEMS) {
    if (bytesOf(rendered) <= room) break;
    rendered = groupHtml(group, items, language);
  }
  return rendered;
}

const bytesOf = (rendered: Html): number => Buffer.byteLength(rendered.html);

function groupHtml({ name, sections }: DigestGroup, limit: number, language: Language): Html {
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td class="line" style="padding:32px 0 8px;border-bottom:1px solid ${COLOURS.line};"><h2 class="ink" style="margin:0;${raw(style.heading)}">${shorten(name, LINE_LENGTH)}</h2></td></tr>
</table>
${sections.map((section) => sectionHtml(section, limit, language))}`;
}

function sectionHtml({ wording, items }: Section, limit: number, language: Language): Html {
  const shown = items.slice(0, limit);
  const left = items.length - shown.length;
  return html`<p class="accent" style="${raw(style.eyebrow)}margin:16px 0 4px;">${wording.section}</p>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;">
${shown.map((item) => itemHtml(item, wording))}
${left === 0 ? null : html`<tr><td class="dim" style="padding:6px 0;${raw(style.small)}">${moreText(left, language)}</td><td width="24"></td></tr>`}
</table>`;
}

/** The body, in which names are bold, or else the title. The whole line is a link, marked by the arrow. */
function itemHtml({ title, body, url }: Item, { digestLength = LINE_LENGTH }: EmailWording): Html {
  const line =
    body === ""
      ? html`<strong dir="auto">${shorten(title, LINE_LENGTH)}</strong>`
      : bodyHtml(body, digestLength);
  return html`<tr><td class="ink" style="padding:6px 0;${raw(style.text)}">${lineLink(url, line)}</td><td class="accent" width="24" align="right" valign="top" aria-hidden="true" style="padding:6px 0;${raw(style.text)}color:${COLOURS.accent};">&rsaquo;</td></tr>`;
}

function groupText({ name, sections }: DigestGroup, language: Language): string {
  const lines = sections.map(({ wording, items }) => {
    const shown = items.slice(0, wording.textItems ?? TEXT_ITEMS);
    const left = items.length - shown.length;
    const entries = shown.map((item) => `* ${lineText(item, wording)}\n  ${item.url}\n`);
    return `${wording.section}\n${entries.join("")}${left === 0 ? "" : `  ${moreText(left, language)}\n`}`;
  });
  return `\n${name}\n${"=".repeat(Math.min(name.length, 60))}\n${lines.join("\n")}`;
}

const moreText = (count: number, language: Language): string =>
  phrasesIn(language, DIGEST_TEXTS).plain("more", { count });

/** The title, or the body if the type sets how much of it is shown. */
function lineText({ title, body }: Item, { digestLength }: EmailWording): string {
  if (digestLength === undefined || body === "") return shorten(title, LINE_LENGTH);
  return shorten(markdownToText(body), digestLength);
}
