import { type Html, html } from "../../html.ts";
import { shorten } from "../../shorten.ts";
import { kindOf } from "./kinds.ts";
import { button, COLOURS, type Foot, footerText, frame, raw, style } from "./layout.ts";
import { markdownToHtml, markdownToText } from "./markdown.ts";

/** One thing that is told. */
export type Item = {
  readonly eventType: string;
  /** One line without markup. */
  readonly title: string;
  /** Markdown; may be empty. */
  readonly body: string;
  /** A whole address. */
  readonly url: string;
  readonly project: { readonly id: string; readonly name: string } | null;
};

/** What a letter needs to know beside what it tells. */
export type Recipient = {
  readonly name: string;
  /** Where everything can be seen. */
  readonly homeUrl: string;
  readonly preferencesUrl: string;
  /** Null for what must be sent. */
  readonly unsubscribeUrl: string | null;
};

export type Rendered = { readonly subject: string; readonly html: string; readonly text: string };

/** Subjects are one line, and mail programs show little more of it. */
const SUBJECT_LENGTH = 120;
/** Nobody reads more of it in a letter; the page behind the button has the whole. */
const TITLE_LENGTH = 300;
const BODY_LENGTH = 3_000;

export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** `end` is kept whole. */
export const subjectLine = (text: string, end = ""): string =>
  `${shorten(oneLine(text), SUBJECT_LENGTH - end.length)}${end}`;

export const greeting = (name: string): string => (name.trim() === "" ? "Hello," : `Hello ${name.trim()},`);

/** A letter about one thing. */
export function renderItem(item: Item, recipient: Recipient): Rendered {
  const kind = kindOf(item.eventType);
  const title = shorten(oneLine(item.title), TITLE_LENGTH);
  const body = shorten(markdownToText(item.body), BODY_LENGTH);
  const foot = footOf(recipient, `You get this because ${kind.because}.`, noMoreAbout(item.eventType));
  const subject = subjectLine(title);
  const eyebrow = shorten(item.project?.name ?? kind.section, TITLE_LENGTH);
  const content = html`<p class="accent" style="${raw(style.eyebrow)}">${eyebrow}</p>
<h1 class="ink" style="${raw(style.title)}">${title}</h1>
${paragraph(html`${greeting(recipient.name)}`, "18px 0 0")}
${item.body === "" ? null : paragraph(bodyHtml(item.body, BODY_LENGTH), "8px 0 0")}
${button({ label: kind.action, href: item.url })}`;
  return {
    subject,
    html: frame({ subject, preheader: body === "" ? title : body, body: content, foot }),
    text: `${greeting(recipient.name)}\n\n${title}\n${body === "" ? "" : `\n${body}\n`}\n${kind.action}: ${item.url}\n\n${footerText(foot)}`,
  };
}

/** What unsubscribing from one type ends. */
export const noMoreAbout = (eventType: string): string => `No more e-mail about ${kindOf(eventType).about}`;

/** A body as it is, or the beginning of its words. */
export function bodyHtml(body: string, limit: number): Html {
  const text = markdownToText(body);
  return text.length <= limit ? markdownToHtml(body) : html`${shorten(text, limit)}`;
}

export const paragraph = (content: Html, margin: string): Html =>
  html`<p class="ink" style="margin:${margin};${raw(style.text)}">${content}</p>`;

/** `label` says what unsubscribing ends. */
export function footOf(recipient: Recipient, reason: string, label: string): Foot {
  const { preferencesUrl, unsubscribeUrl } = recipient;
  return {
    reason,
    preferencesUrl,
    unsubscribe: unsubscribeUrl === null ? null : { url: unsubscribeUrl, label },
  };
}

/** A link in the colour of the text, for lists. */
export const lineLink = (url: string, content: Html): Html =>
  html`<a class="ink" href="${url}" style="color:${COLOURS.ink};text-decoration:none;">${content}</a>`;
