import { recommendationsReady } from "../events/matching.ts";
import { readServedLists, type ServedList } from "../postings/served-lists.ts";
import { cleanName } from "./clean-name.ts";
import { bold, escapeMarkdown } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { counted, named } from "./wording.ts";

/** Recommendations that the e-mail names. */
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
    because: "you have a CV on the platform",
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
  text: ({ payload }) => {
    const recommendations = counted(payload.count, "new recommendation");
    const best = payload.best ?? [];
    return {
      title: `${recommendations} for you`,
      body: `We found ${bold(recommendations)} for you${best.length > 0 ? `: ${best.map(worded).join("; ")}` : ""}.`,
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
    title: named(cleanName(title), "A job"),
    company: named(cleanName(company), "a company"),
    score: Math.floor(score * 100),
  }));

const worded = ({ title, company, score }: { title: string; company: string; score: number }): string =>
  `${bold(title)}, ${escapeMarkdown(company)} (${score}%)`;
