import type { Request, Response } from "express";
import type { Decided } from "../../../db/audit.ts";
import { type Html, html } from "../../../html.ts";
import { addressKey } from "../../requests/rate-limit.ts";
import { validateBody } from "../../requests/validate.ts";
import { sessionOf } from "../access/guard.ts";
import { reasonBody } from "../access/reason.ts";
import type { Session } from "../access/sessions.ts";
import { hiddenToken } from "./page.ts";

/** Whether the session of a response may change something; only then are buttons shown. */
export const mayAct = (res: Response): boolean => sessionOf(res).role === "admin";

/** The field for the reason of a decision, which the audit log keeps. */
export const reasonField = (label = "Reason"): Html =>
  html`<input name="reason" aria-label="${label}" placeholder="Reason" required maxlength="500">`;

export type ActionButton = {
  /** Where the form is posted. */
  readonly action: string;
  readonly label: string;
  readonly isDanger?: boolean;
};

export type ActionOptions = {
  /** One field for all buttons of the form. */
  readonly needsReason?: boolean;
  /** Further fields: hidden ones, or inputs. */
  readonly fields?: Html | readonly Html[] | null;
  /** The subject of the buttons, for screen readers, since several rows have the same buttons. */
  readonly about?: string;
};

/** A form with a button for each action, the CSRF token, and a reason where one is needed. */
export function actionForm(
  session: Session,
  buttons: readonly ActionButton[],
  { needsReason = false, fields = null, about }: ActionOptions = {},
): Html {
  const name = (label: string) => (about === undefined ? null : html` aria-label="${label} ${about}"`);
  return html`<form class="actions" method="post">${hiddenToken(session)}${fields}${
    needsReason ? reasonField(about === undefined ? "Reason" : `Reason for ${about}`) : null
  }${buttons.map(
    ({ action, label, isDanger }) =>
      html`<button formaction="${action}"${isDanger ? html` class="danger"` : null}${name(label)}>${label}</button>`,
  )}</form>`;
}

export const hiddenField = (name: string, value: string | number): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

/** The actor, address and reason of a decision; null after sending 422 for a decision without a reason. */
export function decisionOf(req: Request, res: Response): (Decided & { readonly reason: string }) | null {
  const given = validateBody(reasonBody, req, res, "no-reason");
  return given && { ...deciderOf(req, res), reason: given.reason };
}

const deciderOf = (req: Request, res: Response) => ({
  actor: sessionOf(res).login,
  address: addressKey(req.ip),
});

/** The same for a decision whose reason is optional unless it is required. */
export function reasonIn(req: Request, res: Response, isRequired: boolean): Decided | null {
  const { reason } = (req.body ?? {}) as { readonly reason?: unknown };
  if (!isRequired && (reason === undefined || reason === "")) return deciderOf(req, res);
  return decisionOf(req, res);
}

/**
 * What an action has done, from the query of the page that it redirects to: counts and ids under known names,
 * so that a link cannot put a text of its own on the page.
 */
export function resultOf(req: Request, texts: Readonly<Record<string, string>>): string | null {
  const results = Object.entries(texts).flatMap(([name, text]) => {
    const value = req.query[name];
    return typeof value === "string" && /^\d{1,18}$/.test(value) ? [`${text}: ${value}.`] : [];
  });
  return results.length > 0 ? results.join(" ") : null;
}
