import { recommendationsReady } from "../events/matching.ts";
import { readServedLists, type ServedList } from "../postings/served-lists.ts";
import { cleanName } from "./clean-name.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { named } from "./wording.ts";

/** At most this many recommendations are named in the e-mail. */
const NAMED = 5;

/** For the user the recommendations are for: in the app, and in the weekly digest with the best of them. */
export const recommendationsReadyNotification = defineNotification({
  event: recommendationsReady,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: {
    kind: "weekly",
    section: "Recommendations",
    button: "View your recommendations",
    reason: "You get this because you have a CV on the platform.",
    about: "recommendations",
    digestLength: 1_000,
    sample: {
      payload: {
        user_id: "5",
        count: 50,
        best: [
          { title: "Community Manager", company: "Green Streets", score: 92 },
          { title: "Fundraising Lead (m/f/d) & more", company: "River <Trust>", score: 81 },
        ],
      },
    },
  },
  texts: {
    title: {
      count: { one: "{count} new recommendation for you", other: "{count} new recommendations for you" },
    },
    body: {
      count: {
        one: "We found **{count} new recommendation** for you.",
        other: "We found **{count} new recommendations** for you.",
      },
    },
    listed: {
      count: {
        one: "We found **{count} new recommendation** for you: {best}.",
        other: "We found **{count} new recommendations** for you: {best}.",
      },
    },
    posting: "**{title}** at {company} ({score})",
    aJob: "A job",
    aCompany: "a company",
  },
  text: ({ payload: { count, best = [] } }, { plain, markdown, list, percent }) => {
    const postings = best.map(({ title, company, score }) =>
      markdown("posting", {
        title: named(cleanName(title), plain("aJob")),
        company: named(cleanName(company), plain("aCompany")),
        score: percent(score),
      }),
    );
    return {
      title: plain("title", { count }),
      body:
        postings.length === 0
          ? markdown("body", { count })
          : markdown("listed", { count, best: { markdown: list(postings) } }),
      link: "/recommendations",
    };
  },
  /** Mailed with the best that are still open and that the user has not dismissed or applied for. */
  recheck: async (tx, items, now) => {
    const lists = await readServedLists(tx, [...new Set(items.map(({ userId }) => userId))], now);
    return new Map(
      items.map(({ deliveryId, userId, event }) => {
        const list = lists.get(userId);
        if (list === undefined || list.items.length === 0) return [deliveryId, null];
        const payload = { ...event.payload, count: list.items.length, best: bestOf(list) };
        return [deliveryId, { ...event, payload }];
      }),
    );
  },
});

const bestOf = ({ items }: ServedList) =>
  items.slice(0, NAMED).map(({ entry: { title, company }, score }) => ({
    title,
    company,
    score: Math.floor(score * 100),
  }));
