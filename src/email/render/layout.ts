import { type Html, html } from "../../html.ts";
import { shorten } from "../../shorten.ts";

// HTML for mail programs: tables, styles on the elements, since Gmail drops style sheets in places and Outlook draws with Word, which
// keeps distances in cells alone. The style sheets in the head only add the dark colours and the small screen, where they are understood.

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

/** The same where the reader's screen is dark. */
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

/** One element each: Gmail leaves out the whole of one in which it does not understand something. */
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
  // Outlook on the web marks what it has darkened instead of asking the media query.
  `${darkColours("[data-ogsc]")}${darkSurfaces("[data-ogsb]")}`,
  // Apple Mail makes links of dates and places, in its own blue.
  "a[x-apple-data-detectors] { color: inherit !important; text-decoration: none !important; }",
];

/** Word measures in points and scales them with the screen unless it is told not to, and does not look past a font that it lacks. */
const FOR_WORD = `<!--[if mso]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>
<style>table, td, p, a, span, h1, h2 { font-family: 'Segoe UI', Arial, sans-serif !important; }</style><![endif]-->`;

/** Words without an end break wherever they must: a cell never grows beyond its table. */
const BREAKING = "word-wrap:break-word;overflow-wrap:anywhere;word-break:break-word;";

export const style = {
  text: `font-family:${FONT};font-size:16px;line-height:1.55;color:${COLOURS.ink};`,
  small: `font-family:${FONT};font-size:13px;line-height:1.5;color:${COLOURS.dim};`,
  title: `margin:0;font-family:${FONT};font-size:22px;line-height:1.3;font-weight:700;letter-spacing:-0.01em;color:${COLOURS.ink};`,
  heading: `font-family:${FONT};font-size:17px;line-height:1.3;font-weight:700;letter-spacing:-0.01em;color:${COLOURS.ink};`,
  eyebrow: `margin:0 0 8px;font-family:${FONT};font-size:13px;line-height:1.4;font-weight:600;color:${COLOURS.accent};`,
} as const;

export type Button = { readonly label: string; readonly href: string };

/** A button that is one everywhere, with room above it: Word draws a shape, all others a padded link. */
export function button({ label, href }: Button): Html {
  // Word needs the width beforehand.
  const width = 48 + Math.ceil(label.length * 8.6);
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td style="padding:28px 0 0;"><!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word" href="${href}" style="height:46px;v-text-anchor:middle;width:${width}px;" arcsize="18%" stroke="f" fillcolor="${COLOURS.accent}"><w:anchorlock/><center style="color:${COLOURS.onAccent};font-family:Arial,sans-serif;font-size:16px;font-weight:bold;">${label}</center></v:roundrect><![endif]--><!--[if !mso]><!--><a class="button" href="${href}" style="display:inline-block;background-color:${COLOURS.accent};border-radius:8px;color:${COLOURS.onAccent};font-family:${raw(FONT)};font-size:16px;font-weight:600;line-height:46px;padding:0 24px;text-decoration:none;">${label}</a><!--<![endif]--></td></tr>
</table>`;
}

/** A constant of ours that stands as it is, inside of an attribute too. */
export const raw = (text: string): Html => ({ html: text });

export type Foot = {
  /** Why this person gets this letter: a sentence. */
  readonly reason: string;
  readonly preferencesUrl: string;
  /** Null for what must be sent. */
  readonly unsubscribe: { readonly url: string; readonly label: string } | null;
};

export type Frame = {
  readonly subject: string;
  /** What a list of letters shows after the subject. */
  readonly preheader: string;
  readonly body: Html;
  readonly foot: Foot;
};

/** A list of letters shows no more of it. */
const PREHEADER_LENGTH = 140;
/** What follows the preheader in a list would else be the first words of the letter. */
const FILLER = "&#847;&zwnj;&nbsp;".repeat(60);

/** A whole letter around its body. Direction and language stand inside as well: webmail drops those of the document. */
export function frame({ subject, preheader, body, foot }: Frame): string {
  return html`<!doctype html>
<html lang="en" dir="ltr" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
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
<div lang="en" dir="ltr" role="article" aria-roledescription="e-mail" aria-label="${subject}">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="${COLOURS.page}" style="background-color:${COLOURS.page};">
<tr><td class="outer" align="center" style="padding:32px 16px;">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;table-layout:fixed;">
<tr><td style="padding:0 4px 16px;">${mark()}</td></tr>
<tr><td class="card" bgcolor="${COLOURS.card}" style="background-color:${COLOURS.card};border:1px solid ${COLOURS.line};border-radius:12px;padding:32px 36px 36px;${raw(BREAKING)}">
${body}
</td></tr>
<tr><td style="padding:20px 4px 0;${raw(BREAKING)}">${footer(foot)}</td></tr>
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

function footer({ reason, preferencesUrl, unsubscribe }: Foot): Html {
  const link = (url: string, label: string) =>
    html`<a class="dim" href="${url}" style="color:${COLOURS.dim};text-decoration:underline;">${label}</a>`;
  const leave =
    unsubscribe === null ? null : html` &nbsp;&middot;&nbsp; ${link(unsubscribe.url, unsubscribe.label)}`;
  return html`<p class="dim" style="margin:0;${raw(style.small)}">${reason}<br>${link(preferencesUrl, "Choose what you get")}${leave}</p>`;
}

/** The end of a letter as plain text. */
export function footerText({ reason, preferencesUrl, unsubscribe }: Foot): string {
  const leave = unsubscribe === null ? "" : `${unsubscribe.label}: ${unsubscribe.url}\n`;
  return `-- \n${reason}\nChoose what you get: ${preferencesUrl}\n${leave}`;
}
