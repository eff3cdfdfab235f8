import { Router } from "express";
import { resolveReferences } from "../../db/references.ts";
import {
  type FeedPreview,
  latestFeeds,
  type PostMedia,
  type PreviewedItem,
  previewFeed,
} from "../../feeds/preview.ts";
import { type Html, html } from "../../html.ts";
import { printable, printableLines } from "../../printable.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { FEED_WEIGHTS, type FeedTerms } from "../../scoring/feeds/feed-score.ts";
import { explainHref } from "./explain/explain.ts";
import { isShownInline, mediaTypeOf } from "./feed-media.ts";
import { regionHtml, textHtml, timeHtml } from "./frame/elements.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { following, showPage } from "./frame/page.ts";
import { table } from "./frame/table.ts";

const LISTED = 20;

/** The dependencies of reading a feed. */
const LIVE = following(
  "feed_presorted",
  "feed_seen",
  "posts",
  "post_media",
  "media",
  "engagement_events",
  "user_blocks",
);

/** Stored feeds of users. */
export const feedsPage: AdminPage = {
  path: "/feeds",
  title: "Feeds",
  section: "Areas",
  role: "viewer",
  routes: feedPages,
};

/** Stored feeds as their users would see them now: `GET /feeds?user=` and `GET /feeds/:user`. */
function feedPages(runtime: Runtime): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/feeds", async (req, res) => {
    const { user } = req.query;
    if (typeof user === "string" && user.trim() !== "")
      return res.redirect(303, `/admin/feeds/${encodeURIComponent(user.trim())}`);
    const body = html`${FIND}${regionHtml("latest", latestHtml(await latestFeeds(on, LISTED)))}`;
    showPage(res, { title: "Feeds", live: following("feed_presorted"), body });
  });
  router.get("/feeds/:user", async (req, res) => {
    const { user } = req.params;
    const show = (status: number, feed: Html) =>
      showPage(res.status(status), {
        title: printable(`Feed of user ${user}`),
        above: [["Feeds", "/admin/feeds"]],
        live: LIVE,
        body: regionHtml("feed", feed),
      });
    const userId = (await resolveReferences(on, "users", [user])).get(user);
    if (userId === undefined)
      return show(404, html`<p>There is no such user. <a href="/admin/feeds">All feeds</a></p>`);
    const preview = await previewFeed(on, userId, runtime.clock.now());
    show(200, preview === null ? absentHtml(user) : feedHtml(user, preview));
  });
  return router;
}

const FIND = html`<form class="filters" method="get" action="/admin/feeds"><label>User<input name="user" required maxlength="255"></label><div class="buttons"><button>Show</button></div></form>`;

function latestHtml(feeds: Awaited<ReturnType<typeof latestFeeds>>): Html {
  const rows = feeds.map(({ user, computedAt, expiresAt }) => [
    html`<a href="/admin/feeds/${encodeURIComponent(user)}">${user}</a>`,
    timeHtml(computedAt),
    timeHtml(expiresAt),
  ]);
  return html`<h2>Computed last</h2>
${table({
  caption: "Feeds computed last",
  columns: ["User", "Computed", "Served until"],
  rows,
  empty: "No feed is stored.",
})}`;
}

const absentHtml = (user: string): Html =>
  html`<p>No feed is stored. It is computed when the user reads it, or by <code>commonwork run feed-presort --user-id ${user}</code>.</p>`;

function feedHtml(user: string, { stored, items }: FeedPreview): Html {
  const { feed, segmentSize, computedAt, expiresAt } = stored;
  const segments = Array.from({ length: Math.ceil(items.length / segmentSize) }, (_, n) => {
    const first = n * segmentSize;
    const cards = items
      .slice(first, first + segmentSize)
      .map((each, index) => itemHtml(user, first + index + 1, each));
    return html`<h2>Segment ${n}</h2>
<ol class="feed">${cards}</ol>`;
  });
  return html`<p class="dim">Computed ${timeHtml(computedAt)}, served until ${timeHtml(expiresAt)}.
Stored are posts (${feed.posts.length}), suggestions (${feed.suggestions.length}) and questions (${feed.questions.length}). Scores are as of now.</p>
${items.length === 0 ? html`<p>Nothing in it may be shown.</p>` : null}
${segments}`;
}

function itemHtml(user: string, rank: number, { item, post }: PreviewedItem): Html {
  if (item.kind === "question")
    return html`<li class="card"><small class="dim">${rank} · question</small>${textHtml(item.id)}</li>`;
  if (item.kind === "suggestion")
    return html`<li class="card"><small class="dim">${rank} · suggestion</small>${textHtml(item.name)}</li>`;
  if (post === null) return html``;
  const text = post.isPublic ? item.body : "A private post.";
  return html`<li class="card"><small class="dim">${rank} · ${item.contentType} · ${post.source} · ${textHtml(item.authorName)} · ${timeHtml(item.createdAt)}</small>
<p dir="auto">${printableLines(text)}</p>
${post.media.map(mediaHtml)}
<small class="dim">${formulaText(post.terms)} · <a href="${explainHref("feed", `${user}:${item.id}`)}">explain</a></small></li>`;
}

function mediaHtml({ id, kind, status, mimeType }: PostMedia): Html {
  const source = `/admin/feeds/media/${id}`;
  if (status !== "READY" || !isShownInline(mimeType))
    return html`<small class="dim">${kind}: ${status}</small>`;
  const type = mediaTypeOf(mimeType);
  if (type === "image") return html`<img src="${source}" alt="" loading="lazy">`;
  return type === "video"
    ? html`<video src="${source}" controls preload="none"></video>`
    : html`<audio src="${source}" controls preload="none"></audio>`;
}

/** The score with the numbers that it was made of. */
function formulaText({ recency, affinity, quality, diversity, isSeen, score }: FeedTerms): string {
  const shown = (value: number) => value.toFixed(3);
  const sum = `${FEED_WEIGHTS.recency} × ${shown(recency)} + ${FEED_WEIGHTS.affinity} × ${shown(affinity)} + ${FEED_WEIGHTS.quality} × ${shown(quality)}`;
  return `score ${shown(score)} = ${diversity} × (${sum})${isSeen ? ` − ${-FEED_WEIGHTS.seen} (seen)` : ""}`;
}
