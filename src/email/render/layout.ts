import { type Html, html } from "../../html.ts";
import type { Language } from "../../languages/language.ts";
import { phrasesIn } from "../../languages/texts.ts";
import { shorten } from "../../shorten.ts";
import { EMAIL_TEXTS } from "./texts.ts";

// HTML for mail programs. Tables and inline styles, since Gmail drops some style sheets, and Outlook renders
// with Word, which respects padding on table cells only. The style sheets in the head only add dark mode and
// small screens.

const FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

export const COLOURS = {
  page: "#f1f4f3",
  card: "#ffffff",
  ink: "#1d2733",
  dim: "#5d6b7a",
  line: "#e1e6e4",
  accent: "#2a6b5a",
  onAccent: "#ffffff",
} as const;

/** Colors in dark mode. */
export const DARK = {
  page: "#12171c",
  card: "#1c232b",
  ink: "#e8edf1",
  dim: "#9cabb9",
  line: "#313b46",
  accent: "#6fc3ac",
  onAccent: "#0e1a17",
} as const;

const darkColours = (scope: string): string => `
${scope} .ink { color: ${DARK.ink} !important; }
${scope} .dim { color: ${DARK.dim} !important; }
${scope} .accent { color: ${DARK.accent} !important; }
${scope} .button { color: ${DARK.onAccent} !important; }`;

const darkSurfaces = (scope: string): string => `
${scope} .page { background-color: ${DARK.page} !important; }
${scope} .card { background-color: ${DARK.card} !important; border-color: ${DARK.line} !important; }
${scope} .line { border-color: ${DARK.line} !important; }
${scope} .button { background-color: ${DARK.accent} !important; }`;

/** A `style` element each: Gmail drops a whole element if it does not understand a part of it. */
const STYLE_SHEETS = [
  `body { margin: 0; padding: 0; -webkit-text-size-adjust: 100%; }
a { text-underline-offset: 2px; }
@media (max-width: 480px) {
.outer { padding: 16px 10px !important; }
.card { padding: 24px 20px 28px !important; }
.button { display: block !important; text-align: center !important; }
}`,
  `:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {${darkColours("")}${darkSurfaces("")}
}`,
  // Outlook on the web sets these attributes instead of applying the media query.
  `${darkColours("[data-ogsc]")}${darkSurfaces("[data-ogsb]")}`,
  // Apple Mail turns dates and places into blue links.
  "a[x-apple-data-detectors] { color: inherit !important; text-decoration: none !important; }",
];

/**
 * For Word: pixels instead of points, and a font that it has, since it does not fall back to the next in a
 * list.
 */
const FOR_WORD = `<!--[if mso]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>
<style>table, td, p, a, span, h1, h2 { font-family: 'Segoe UI', Arial, sans-serif !important; }</style><![endif]-->`;

/** Breaks long words, so that a cell never grows beyond its table. */
const BREAKING = "word-wrap:break-word;overflow-wrap:anywhere;word-break:break-word;";

export const style = {
  text: `font-family:${FONT};font-size:16px;line-height:1.55;color:${COLOURS.ink};`,
  small: `font-family:${FONT};font-size:13px;line-height:1.5;color:${COLOURS.dim};`,
  title: `margin:0;font-family:${FONT};font-size:22px;line-height:1.3;font-weight:700;letter-spacing:-0.01em;color:${COLOURS.ink};`,
  heading: `font-family:${FONT};font-size:17px;line-height:1.3;font-weight:700;letter-spacing:-0.01em;color:${COLOURS.ink};`,
  eyebrow: `margin:0 0 8px;font-family:${FONT};font-size:13px;line-height:1.4;font-weight:600;color:${COLOURS.accent};`,
} as const;

export type Button = { readonly label: string; readonly href: string };

/** A button with space above. In Word it is a VML shape, elsewhere a padded link. */
export function button({ label, href }: Button): Html {
  // VML needs an explicit width.
  const width = 48 + Math.ceil(label.length * 8.6);
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td style="padding:28px 0 0;"><!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word" href="${href}" style="height:46px;v-text-anchor:middle;width:${width}px;" arcsize="18%" stroke="f" fillcolor="${COLOURS.accent}"><w:anchorlock/><center style="color:${COLOURS.onAccent};font-family:Arial,sans-serif;font-size:16px;font-weight:bold;">${label}</center></v:roundrect><![endif]--><!--[if !mso]><!--><a class="button" href="${href}" style="display:inline-block;background-color:${COLOURS.accent};border-radius:8px;color:${COLOURS.onAccent};font-family:${raw(FONT)};font-size:16px;font-weight:600;line-height:46px;padding:0 24px;text-decoration:none;">${label}</a><!--<![endif]--></td></tr>
</table>`;
}

/** Unescaped text, also within attributes. For constants only. */
export const raw = (text: string): Html => ({ html: text });

export type Foot = {
  /** Why the recipient gets this e-mail: a sentence. */
  readonly reason: string;
  readonly preferencesUrl: string;
  /** Null for must-send e-mail. */
  readonly unsubscribe: { readonly url: string; readonly label: string } | null;
};

export type Frame = {
  readonly language: Language;
  readonly subject: string;
  /** Shown after the subject in lists of e-mails. */
  readonly preheader: string;
  readonly body: Html;
  readonly foot: Foot;
};

/** Mail programs show no more of the preheader. */
const PREHEADER_LENGTH = 140;
/**
 * Invisible padding after the preheader; without it, lists would continue with the first words of the e-mail.
 */
const FILLER = "&#847;&zwnj;&nbsp;".repeat(60);

/**
 * The HTML document around a body. Direction and language are repeated inside, since webmail drops the
 * document's.
 */
export function frame({ language, subject, preheader, body, foot }: Frame): string {
  const { tag, direction } = language;
  return html`<!doctype html>
<html lang="${tag}" dir="${direction}" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${subject}</title>
${STYLE_SHEETS.map((sheet) => html`<style>${raw(sheet)}</style>\n`)}${raw(FOR_WORD)}
</head>
<body class="page" bgcolor="${COLOURS.page}" style="margin:0;padding:0;background-color:${COLOURS.page};">
<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;mso-hide:all;">${shorten(preheader, PREHEADER_LENGTH)}${raw(FILLER)}</div>
<div lang="${tag}" dir="${direction}" role="article" aria-roledescription="${phrasesIn(language, EMAIL_TEXTS).plain("email")}" aria-label="${subject}">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="${COLOURS.page}" style="background-color:${COLOURS.page};">
<tr><td class="outer" align="center" style="padding:32px 16px;">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;table-layout:fixed;">
<tr><td style="padding:0 4px 16px;">${mark()}</td></tr>
<tr><td class="card" bgcolor="${COLOURS.card}" style="background-color:${COLOURS.card};border:1px solid ${COLOURS.line};border-radius:12px;padding:32px 36px 36px;${raw(BREAKING)}">
${body}
</td></tr>
<tr><td style="padding:20px 4px 0;${raw(BREAKING)}">${footer(foot, language)}</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr>
</table>
</div>
</body>
</html>
`.html;
}

const mark = (): Html =>
  html`<span class="accent" style="font-family:${raw(FONT)};font-size:16px;font-weight:700;letter-spacing:-0.01em;color:${COLOURS.accent};">&#9632;</span>&nbsp;<span class="ink" style="font-family:${raw(FONT)};font-size:16px;font-weight:700;letter-spacing:-0.01em;color:${COLOURS.ink};">Commonwork</span>`;

function footer({ reason, preferencesUrl, unsubscribe }: Foot, language: Language): Html {
  const link = (url: string, label: string) =>
    html`<a class="dim" href="${url}" style="color:${COLOURS.dim};text-decoration:underline;">${label}</a>`;
  const leave =
    unsubscribe === null ? null : html` &nbsp;&middot;&nbsp; ${link(unsubscribe.url, unsubscribe.label)}`;
  return html`<p class="dim" style="margin:0;${raw(style.small)}">${reason}<br>${link(preferencesUrl, settingsLabel(language))}${leave}</p>`;
}

/** The footer in plain text. */
export function footerText({ reason, preferencesUrl, unsubscribe }: Foot, language: Language): string {
  const leave = unsubscribe === null ? "" : `${unsubscribe.label}: ${unsubscribe.url}\n`;
  return `-- \n${reason}\n${settingsLabel(language)}: ${preferencesUrl}\n${leave}`;
}

const settingsLabel = (language: Language): string => phrasesIn(language, EMAIL_TEXTS).plain("settings");
