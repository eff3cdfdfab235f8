import { type Html, html } from "../../html.ts";
import { shorten } from "../../shorten.ts";
import { kindOf } from "./kinds.ts";
import { button, COLOURS, footerText, frame, raw, style } from "./layout.ts";
import {
  bodyHtml,
  footOf,
  greeting,
  type Item,
  lineLink,
  noMoreAbout,
  paragraph,
  type Recipient,
  type Rendered,
  renderItem,
  subjectLine,
} from "./letters.ts";

/** How often a digest comes: its name in the letter. */
export type DigestKind = "hourly" | "daily" | "weekly";

/** Of how the subject of a digest is worded: by what happened first, or by how much. */
export type SubjectVariant = "count" | "headline";

/** So many items of a section stand in the HTML. */
export const HTML_ITEMS = 10;
/** So many where a project would make the letter too long; if even those do, it and all after it are counted only. */
const FEWER_ITEMS = [5, 2, 1];
/** Gmail cuts letters at 102 KB; this is what projects may take up of it. */
const GROUPS_BYTES = 80_000;
/** The text of one item; the page behind its link has the whole. */
const LINE_LENGTH = 240;

type Section = { readonly eventType: string; readonly items: readonly Item[] };
type Group = { readonly name: string; readonly sections: readonly Section[]; readonly count: number };

const INTRO: Record<DigestKind, string> = {
  hourly: "Here is what is new.",
  daily: "Here is what happened since yesterday.",
  weekly: "Here is what happened this week.",
};

/** Several things in one letter, by project, then by type. A single one is told as if it came alone, under its own subject. */
export function renderDigest(
  digest: { readonly kind: DigestKind; readonly items: readonly Item[] },
  recipient: Recipient,
  variant: SubjectVariant = "count",
): Rendered {
  const { kind, items } = digest;
  const [only] = items;
  if (items.length === 1 && only) return renderItem(only, recipient);
  const groups = groupsOf(items);
  const subject = subjectOf(items, groups, variant);
  const intro = INTRO[kind];
  const foot = footOf(
    recipient,
    `You get this ${kind} digest because you chose to, or have not chosen otherwise.`,
    wayOut(items),
  );
  const shown = thatFit(groups);
  const hidden = groups.slice(shown.length);
  const left = hidden.reduce((sum, { count }) => sum + count, 0);
  const rest =
    left === 0
      ? null
      : `and ${left} more in ${hidden.length} other ${hidden.length === 1 ? "project" : "projects"}`;
  const all = { label: "See everything", href: recipient.homeUrl };
  const body = html`<h1 class="ink" style="${raw(style.title)}">${shorten(headingOf(items, groups), LINE_LENGTH)}</h1>
${paragraph(html`${greeting(recipient.name)}<br>${intro}`, "14px 0 0")}
${shown.map(({ written }) => written)}
${rest === null ? null : html`<p class="dim" style="margin:24px 0 0;${raw(style.small)}">${rest}</p>`}
${button(all)}`;
  const text = [
    `${greeting(recipient.name)}\n\n${intro}\n`,
    ...shown.map(({ group }) => groupText(group)),
    rest === null ? "" : `\n${rest}\n`,
    `\n${all.label}: ${all.href}\n\n${footerText(foot)}`,
  ].join("");
  return { subject, html: frame({ subject, preheader: preheaderOf(items), body, foot }), text };
}

/** What its link ends: that type, or everything where it tells of several. */
function wayOut(items: readonly Item[]): string {
  const types = new Set(items.map(({ eventType }) => eventType));
  const [only] = types;
  return types.size === 1 && only !== undefined ? noMoreAbout(only) : "No more e-mail from us";
}

/** The first groups that fit into a letter: one at least. */
function thatFit(groups: readonly Group[]): { group: Group; written: Html }[] {
  const fitting: { group: Group; written: Html }[] = [];
  let room = GROUPS_BYTES;
  for (const group of groups) {
    const written = longestWithin(group, room);
    room -= bytesOf(written);
    if (room < 0 && fitting.length > 0) break;
    fitting.push({ group, written });
  }
  return fitting;
}

/** With as many items as there is room for; the shortest form if even that is too long. */
function longestWithin(group: Group, room: number): Html {
  let written = groupHtml(group, HTML_ITEMS);
  for (const items of FEWER_ITEMS) {
    if (bytesOf(written) <= room) break;
    written = groupHtml(group, items);
  }
  return written;
}

const bytesOf = (written: Html): number => Buffer.byteLength(written.html);

const GENERAL = "For you";

/** Projects in the order in which something first happened in them; what belongs to none comes last. */
function groupsOf(items: readonly Item[]): Group[] {
  const byProject = new Map<string, Item[]>();
  for (const item of items) {
    const key = item.project?.id ?? "";
    byProject.set(key, [...(byProject.get(key) ?? []), item]);
  }
  return [...byProject]
    .sort(([a], [b]) => Number(a === "") - Number(b === ""))
    .map(([, members]) => ({
      name: members[0]?.project?.name ?? GENERAL,
      sections: sectionsOf(members),
      count: members.length,
    }));
}

function sectionsOf(items: readonly Item[]): Section[] {
  const byType = new Map<string, Item[]>();
  for (const item of items) byType.set(item.eventType, [...(byType.get(item.eventType) ?? []), item]);
  return [...byType].map(([eventType, members]) => ({ eventType, items: members }));
}

function headingOf(items: readonly Item[], groups: readonly Group[]): string {
  const names = new Map(
    items.flatMap(({ project }) => (project === null ? [] : [[project.id, project.name]])),
  );
  const [name] = names.values();
  if (name === undefined) return `${items.length} updates for you`;
  const where = names.size === 1 ? name : `${names.size} projects`;
  const beside = groups.length > names.size ? " and more" : "";
  return `${items.length} updates in ${where}${beside}`;
}

function subjectOf(items: readonly Item[], groups: readonly Group[], variant: SubjectVariant): string {
  const [first] = items;
  if (variant === "count" || !first) return subjectLine(headingOf(items, groups));
  return subjectLine(first.title, ` and ${items.length - 1} more`);
}

const preheaderOf = (items: readonly Item[]): string =>
  items
    .slice(0, 3)
    .map(({ title }) => title)
    .join(" · ");

function groupHtml({ name, sections }: Group, most: number): Html {
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td class="line" style="padding:32px 0 8px;border-bottom:1px solid ${COLOURS.line};"><h2 class="ink" style="margin:0;${raw(style.heading)}">${shorten(name, LINE_LENGTH)}</h2></td></tr>
</table>
${sections.map((section) => sectionHtml(section, most))}`;
}

function sectionHtml({ eventType, items }: Section, most: number): Html {
  const shown = items.slice(0, most);
  const left = items.length - shown.length;
  return html`<p class="accent" style="${raw(style.eyebrow)}margin:16px 0 4px;">${kindOf(eventType).section}</p>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed;">
${shown.map(itemHtml)}
${left === 0 ? null : html`<tr><td class="dim" style="padding:6px 0;${raw(style.small)}">and ${left} more</td><td width="24"></td></tr>`}
</table>`;
}

/** What it says, if it says something: names stand out there. The whole line is the link, and the mark at its end shows it. */
function itemHtml({ title, body, url }: Item): Html {
  const line =
    body === ""
      ? html`<strong dir="auto">${shorten(title, LINE_LENGTH)}</strong>`
      : bodyHtml(body, LINE_LENGTH);
  return html`<tr><td class="ink" style="padding:6px 0;${raw(style.text)}">${lineLink(url, line)}</td><td class="accent" width="24" align="right" valign="top" aria-hidden="true" style="padding:6px 0;${raw(style.text)}color:${COLOURS.accent};">&rsaquo;</td></tr>`;
}

function groupText({ name, sections }: Group): string {
  const lines = sections.map(({ eventType, items }) => {
    const { section, textItems } = kindOf(eventType);
    const shown = items.slice(0, textItems);
    const left = items.length - shown.length;
    const entries = shown.map(({ title, url }) => `* ${shorten(title, LINE_LENGTH)}\n  ${url}\n`);
    return `${section}\n${entries.join("")}${left === 0 ? "" : `  and ${left} more\n`}`;
  });
  return `\n${name}\n${"=".repeat(Math.min(name.length, 60))}\n${lines.join("\n")}`;
}
