import { type Html, html } from "../../html.ts";
import type { Session } from "./sessions.ts";

export type PageOptions = {
  readonly title: string;
  readonly session?: Session;
  readonly body: Html;
  readonly isNarrow?: boolean;
};

/** Renders one of the operators' pages: plain HTML without scripts. */
export function page({ title, session, body, isNarrow = false }: PageOptions): string {
  const signedIn = session
    ? html`<form method="post" action="/admin/logout">${hiddenToken(session)}<span>${session.role}</span><button>Sign out</button></form>`
    : null;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title} · Commonwork</title>
<link rel="stylesheet" href="/admin/style.css">
</head>
<body>
<header><a class="mark" href="/admin">Commonwork</a>${signedIn}</header>
<main${isNarrow ? html` class="narrow"` : null}>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.html;
}

/** The form field with the CSRF token: see `requireCsrfToken`. */
export const hiddenToken = (session: Session): Html =>
  html`<input type="hidden" name="_csrf" value="${session.csrfToken}">`;

export const STYLE = `:root { color-scheme: light dark; --ink: #1d2733; --dim: #5d6b7a; --paper: #f6f7f9; --card: #fff; --line: #dde2e8; --accent: #2f6f5e; --bad: #a4342c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #94a2b1; --paper: #14191f; --card: #1c232b; --line: #303a45; --accent: #6fc3ac; --bad: #ef8b82; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; justify-content: space-between; align-items: center; padding: .75rem 1.5rem; background: var(--card); border-bottom: 1px solid var(--line); }
header form { display: flex; gap: .75rem; align-items: center; color: var(--dim); }
.mark { font-weight: 650; letter-spacing: -.01em; text-decoration: none; color: var(--ink); }
main { max-width: 64rem; margin: 2rem auto; padding: 0 1.5rem; }
main.narrow { max-width: 25rem; }
h1 { font-size: 1.4rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .75rem; }
a { color: var(--accent); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: 1rem; padding: 0; list-style: none; }
.cards a { height: 100%; }
.cards a, .card { display: block; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; text-decoration: none; color: var(--ink); overflow-wrap: anywhere; }
.cards a:hover { border-color: var(--accent); }
.cards small, .dim { color: var(--dim); display: block; }
.bad { color: var(--bad); }
label { display: block; margin-bottom: 1rem; }
input:not([type=hidden]) { display: block; width: 100%; padding: .5rem .6rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; }
button { font: inherit; padding: .35rem .8rem; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
button.main { padding: .5rem 1.1rem; font-weight: 600; border-color: var(--accent); background: var(--accent); color: var(--card); }
button.main:hover { filter: brightness(1.1); }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); font-size: .9rem; }
th, td { text-align: left; padding: .45rem .75rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; vertical-align: top; }
th { white-space: nowrap; }
.wide { overflow-x: auto; }
.wide td { overflow-wrap: normal; }
.wide td.long { overflow-wrap: anywhere; min-width: 9rem; }
.fixed { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.actions { display: flex; gap: .5rem; }
form.bulk { margin-bottom: 1rem; }
iframe.email { width: 100%; height: 48rem; border: 1px solid var(--line); border-radius: .6rem; background: #fff; }
.feed { display: grid; gap: 1rem; padding: 0; max-width: 42rem; list-style: none; }
.feed p { margin: .35rem 0; }
.feed img, .feed video { display: block; max-width: 100%; max-height: 20rem; margin: .5rem 0; border-radius: .4rem; }
.feed audio { display: block; width: 100%; margin: .5rem 0; }
pre { overflow-x: auto; font-size: .85rem; white-space: pre-wrap; }
`;
