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
    because: "your calendar is connected to Commonwork",
    about: "your calendar connection",
    sample: { payload: { user_id: "5", connection_id: "1", provider: "google" } },
  },
  isMustSend: true,
  text: ({ payload }) => ({
    title: `Reconnect ${PROVIDERS[payload.provider]}`,
    body: `We can no longer read your ${PROVIDERS[payload.provider]}. Your meetings will not be updated until you reconnect it.`,
    link: "/settings/calendar",
  }),
});
