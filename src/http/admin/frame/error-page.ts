import type { RequestHandler, Response } from "express";
import { type Html, html } from "../../../html.ts";
import { type ErrorBody, showErrorsBy } from "../../requests/error-response.ts";
import { acceptsPage, safeTarget } from "../access/guard.ts";
import { notice } from "./elements.ts";
import { hrefOf } from "./filters.ts";
import { showBarePage, showPage } from "./page.ts";

/** Browsers get errors as pages, also after sending a form; programs get JSON. */
export const errorPages: RequestHandler = (req, res, next) => {
  if (acceptsPage(req)) showErrorsBy(res, showError);
  next();
};

const TITLES: Readonly<Record<number, string>> = {
  401: "Sign in",
  403: "Not allowed",
  404: "Not found",
  422: "Not done",
  429: "Too many requests",
  500: "Unexpected error",
  503: "Temporarily unavailable",
};

function showError(res: Response, error: ErrorBody): void {
  const title = TITLES[res.statusCode] ?? "Not done";
  const show = res.locals["session"] === undefined ? showBarePage : showPage;
  show(res, { title, body: errorBody(res, error) });
}

/** In place of messages for programs. */
const MESSAGES: Readonly<Record<string, string>> = {
  "no-session": "You are signed out, and nothing was changed. Sign in and do it again.",
  "too-many-requests": "That was too often in a row, and nothing was changed.",
  unavailable: "Postgres does not answer, or accepts no changes. Nothing was changed.",
};

function errorBody(res: Response, { code, message, faults = [] }: ErrorBody): Html {
  const back = pageBefore(res);
  const seconds = res.get("Retry-After");
  const next =
    code === "no-session"
      ? html`<a href="${hrefOf("/admin/login", { next: back })}">Sign in</a>`
      : html`<a href="${back}">Back</a>`;
  return html`${notice(MESSAGES[code] ?? message, "bad")}
${faults.length === 0 ? null : html`<ul>${faults.map(({ field, fault }) => html`<li>${field} ${fault}</li>`)}</ul>`}
<p>${seconds === undefined ? null : `Try again in ${seconds} s. `}${next}</p>`;
}

/** The page of the dashboard that sent the form, or the start page. */
function pageBefore(res: Response): string {
  const referer = res.req.get("referer");
  if (referer === undefined || !URL.canParse(referer)) return "/admin";
  const { pathname, search } = new URL(referer);
  return safeTarget(`${pathname}${search}`);
}
