import { calendarActionRequired } from "../events/calendar.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";

const PROVIDERS = { google: "Google Calendar" } as const;

/** For the owner of the calendar. Must-send: without the calendar, their meetings go stale unnoticed. */
export const calendarActionRequiredNotification = defineNotification({
  event: calendarActionRequired,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Calendar",
    button: "Reconnect",
    reason: "You get this because your calendar is connected to Commonwork.",
    about: "your calendar connection",
    sample: { payload: { user_id: "5", connection_id: "1", provider: "google" } },
  },
  isMustSend: true,
  texts: {
    title: "Reconnect {calendar}",
    body: "We can no longer read your {calendar}. Your meetings will not be updated until you reconnect it.",
  },
  text: ({ payload }, { plain, markdown }) => {
    const calendar = PROVIDERS[payload.provider];
    return {
      title: plain("title", { calendar }),
      body: markdown("body", { calendar }),
      link: "/settings/calendar",
    };
  },
});
