import { type Html, html } from "../../html.ts";
import type { Language } from "../../languages/language.ts";
import { phrasesIn } from "../../languages/texts.ts";
import type { EmailWording } from "../../notifications/email-wording.ts";
import { shorten } from "../../shorten.ts";
import { button, COLOURS, type Foot, footerText, frame, raw, style } from "./layout.ts";
import { markdownToHtml, markdownToText } from "./markdown.ts";
import { EMAIL_TEXTS } from "./texts.ts";

/** One notification, as shown in e-mail. */
export type Item = {
  readonly eventType: string;
  /** Without markup. */
  readonly title: string;
  /** Markdown; may be empty. */
  readonly body: string;
  /** An absolute URL. */
  readonly url: string;
  readonly project: { readonly id: string; readonly name: string } | null;
  readonly wording: EmailWording;
};

/** The recipient of an e-mail, and the links around its content. */
export type Recipient = {
  readonly name: string;
  readonly language: Language;
  /** The list of all notifications. */
  readonly homeUrl: string;
  readonly preferencesUrl: string;
  /** Null for must-send e-mail. */
  readonly unsubscribeUrl: string | null;
};

export type RenderedEmail = { readonly subject: string; readonly html: string; readonly text: string };

/** Mail programs show little more than this. */
const SUBJECT_LENGTH = 120;
/** Longer texts are cut: the page that the button links to has the rest. */
const TITLE_LENGTH = 300;
const BODY_LENGTH = 3_000;

export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** A subject, or a part of one beside text of another length. */
export const subjectLine = (text: string, otherLength = 0): string =>
  shorten(oneLine(text), SUBJECT_LENGTH - otherLength);

export function greeting({ name, language }: Recipient): string {
  const { plain } = phrasesIn(language, EMAIL_TEXTS);
  return name.trim() === "" ? plain("hello") : plain("helloName", { name: name.trim() });
}

/** Renders an e-mail about one notification. */
export function renderItem(item: Item, recipient: Recipient): RenderedEmail {
  const { wording } = item;
  const { language } = recipient;
  const title = shorten(oneLine(item.title), TITLE_LENGTH);
  const body = shorten(markdownToText(item.body), BODY_LENGTH);
  const foot = footOf(recipient, wording.reason, unsubscribeFrom(wording, language));
  const subject = subjectLine(title);
  const eyebrow = shorten(item.project?.name ?? wording.section, TITLE_LENGTH);
  const content = html`<p class="accent" style="${raw(style.eyebrow)}">${eyebrow}</p>
<h1 class="ink" style="${raw(style.title)}">${title}</h1>
${paragraph(html`${greeting(recipient)}`, "18px 0 0")}
${item.body === "" ? null : paragraph(bodyHtml(item.body, BODY_LENGTH), "8px 0 0")}
${button({ label: wording.button, href: item.url })}`;
  return {
    subject,
    html: frame({ language, subject, preheader: body === "" ? title : body, body: content, foot }),
    text: `${greeting(recipient)}\n\n${title}\n${body === "" ? "" : `\n${body}\n`}\n${wording.button}: ${item.url}\n\n${footerText(foot, language)}`,
  };
}

/** The label of a link that stops e-mail of one type. */
export const unsubscribeFrom = ({ about }: EmailWording, language: Language): string =>
  phrasesIn(language, EMAIL_TEXTS).plain("unsubscribe", { about });

/** A body with its markup, or its shortened plain text if it is too long. */
export function bodyHtml(body: string, limit: number): Html {
  const text = markdownToText(body);
  return text.length <= limit ? markdownToHtml(body) : html`${shorten(text, limit)}`;
}

export const paragraph = (content: Html, margin: string): Html =>
  html`<p class="ink" style="margin:${margin};${raw(style.text)}">${content}</p>`;

/** `label` names what the unsubscribe link stops. */
export function footOf(recipient: Recipient, reason: string, label: string): Foot {
  const { preferencesUrl, unsubscribeUrl } = recipient;
  return {
    reason,
    preferencesUrl,
    unsubscribe: unsubscribeUrl === null ? null : { url: unsubscribeUrl, label },
  };
}

/** A link in the color of the text, for lists. */
export const lineLink = (url: string, content: Html): Html =>
  html`<a class="ink" href="${url}" style="color:${COLOURS.ink};text-decoration:none;">${content}</a>`;
