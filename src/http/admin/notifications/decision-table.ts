import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import type { DecisionCounts, DecisionLine } from "../../../notifications/decision-log.ts";
import { decisionReason, describeDecision } from "../../../notifications/describe-decision.ts";
import type { OutlookOf } from "../../../notifications/why-notified.ts";
import { badge, codeHtml, formatCount, sentenceHtml, type Tone, timeHtml } from "../frame/elements.ts";
import { hrefOf, type PageQuery } from "../frame/filters.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";

const TONES: Readonly<Record<DecisionLine["decision"], Tone>> = {
  now: "good",
  deferred: "busy",
  digested: "busy",
  skipped: "idle",
};

const decisionBadge = (decision: DecisionLine["decision"]): Html => badge(decision, TONES[decision]);

/** The page about an event and a user; either may be omitted. */
export const whyHref = (query: { readonly user?: string; readonly event?: string }): string =>
  hrefOf("/admin/notifications/why", query);

/**
 * Decisions, each with its result.
 *
 * @param empty shown when there are none.
 * @param outlookOf when waiting e-mail is sent, if all decisions are about one user.
 */
export async function decisionTable(
  on: Queryable,
  lines: readonly DecisionLine[],
  empty: string,
  outlookOf?: OutlookOf,
): Promise<Html> {
  const userOf = await userLinks(
    on,
    lines.map(({ userId }) => userId),
  );
  return table({
    caption: "Decisions about notifications",
    columns: [
      { title: "Decided", kind: "fixed" },
      "User",
      { title: "Event", kind: "number" },
      { title: "Type", kind: "fixed" },
      "Decision",
      "What became of it",
      { title: "Read", kind: "fixed" },
    ],
    rows: lines.map((line) => [
      timeHtml(line.decidedAt),
      userOf(line.userId),
      html`<a href="${whyHref({ event: line.eventId })}">${line.eventId}</a>`,
      codeHtml(line.eventType),
      decisionBadge(line.decision),
      sentenceHtml(describeDecision(line, outlookOf?.(line))),
      timeHtml(line.readAt),
    ]),
    empty,
  });
}

/**
 * How often each decision was taken, with its reason.
 *
 * @param listOf the address of the list of them; null where there is none.
 */
export function countTable(
  { counts, total, isPartial }: DecisionCounts,
  listOf: ((filter: PageQuery) => string) | null,
): Html {
  const rows = counts.map(({ channel, decision, cadence, reason, count }) => {
    const shown = formatCount(count);
    const filter = { channel, decision, reason: reason ?? undefined };
    return [
      channel,
      decisionBadge(decision),
      cadence,
      reason === null ? null : html`${decisionReason(reason)} <code>${reason}</code>`,
      listOf === null ? count : html`<a href="${listOf(filter)}">${shown}</a>`,
    ];
  });
  const counted = isPartial
    ? html`<p class="dim">More than ${formatCount(total - 1)} decisions: the newest ones are counted.</p>`
    : null;
  return html`${counted}${table({
    caption: "Decisions by channel and reason",
    columns: [
      { title: "Channel", kind: "fixed" },
      "Decision",
      "Digest",
      "Reason",
      { title: "Decisions", kind: "number" },
    ],
    rows,
    empty: "Nothing was decided.",
  })}`;
}
