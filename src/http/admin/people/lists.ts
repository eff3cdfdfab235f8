import { referencesTo } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { readServedPairs } from "../../../people/served-pairs.ts";
import { readServedList } from "../../../postings/served-lists.ts";
import { explainNoMatches } from "../../../project-matching/empty-lists.ts";
import { readOwnMatches } from "../../../project-matching/own-matches.ts";
import { servedScore } from "../../../scoring/people/served-score.ts";
import { shownScore } from "../../api/posting-response.ts";
import { explainHref } from "../explain/explain.ts";
import { emptyState, textHtml, timeHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

const SHOWN = 25;

const explainLink = (href: string): Html => html`<a href="${href}">Explain</a>`;

/** The projects that match a volunteer, as they see them. */
export async function matchesBody(on: Queryable, userId: string): Promise<Html> {
  const matches = await readOwnMatches(on, userId, { limit: SHOWN, minimumScore: 0 });
  if (matches.length === 0) return emptyState((await explainNoMatches(on, userId)).message);
  const userOf = await referencesTo(on, "users", [userId]);
  const projectOf = await referencesTo(
    on,
    "projects",
    matches.map(({ projectId }) => projectId),
  );
  return table({
    caption: "Projects that match",
    columns: ["Project", "Name", { title: "Match", kind: "number" }, "Reasons", "Why"],
    rows: matches.map(({ projectId, projectName, percent, reasons }) => [
      projectOf(projectId),
      projectName,
      `${percent} %`,
      reasons.join("; "),
      explainLink(explainHref("match", `${projectOf(projectId)}:${userOf(userId)}`)),
    ]),
    empty: "",
  });
}

/** The postings that are recommended to a user, as they see them. */
export async function recommendationsBody(on: Queryable, userId: string, now: Date): Promise<Html> {
  const list = await readServedList(on, userId, now);
  if (list === null)
    return emptyState(
      "No recommendations are stored: the user has no active CV, or the next run of generate-recommendations computes them.",
    );
  const userOf = await referencesTo(on, "users", [userId]);
  return html`<p class="dim">As of ${timeHtml(list.asOf)}.</p>${table({
    caption: "Recommended postings",
    columns: ["Posting", "Company", { title: "Score", kind: "number" }, "Expires", "Why"],
    rows: list.items
      .slice(0, SHOWN)
      .map(({ entry: { posting, expiresAt }, score }) => [
        posting.title,
        posting.company,
        `${shownScore(score)} %`,
        timeHtml(expiresAt),
        explainLink(explainHref("recommendation", `${userOf(userId)}:${posting.id}`)),
      ]),
    empty: "Nothing on the stored list may be shown any more.",
  })}`;
}

/** The users who fit a user, as they see them: scores in steps, nobody who hid or blocked them. */
export async function pairsBody(on: Queryable, userId: string): Promise<Html> {
  const { asOf, total, items } = await readServedPairs(on, userId, null, { page: 1, pageSize: SHOWN });
  if (asOf === null)
    return emptyState("No pair scores are stored. The next run of match-scores computes them.");
  const referenceOf = await referencesTo(on, "users", [userId, ...items.map((item) => item.userId)]);
  return html`<p class="dim">As of ${timeHtml(asOf)}. ${total} in all.</p>${table({
    caption: "Users who fit",
    columns: ["User", "Name", "Tier", { title: "Score", kind: "number" }, "Shared interests", "Why"],
    rows: items.map((pair) => [
      textHtml(referenceOf(pair.userId)),
      pair.name,
      pair.tier,
      String(servedScore(pair.score)),
      pair.sharedInterests.join(", "),
      explainLink(explainHref("pair", `${referenceOf(userId)}:${referenceOf(pair.userId)}`)),
    ]),
    empty: "Nobody is on the user's lists.",
  })}`;
}
