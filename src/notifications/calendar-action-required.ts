import { calendarActionRequired } from "../events/calendar.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";

const PROVIDERS = { google: "Google Calendar" } as const;

/** For the owner of the calendar. Without it meetings go unseen, so it is sent whatever they prefer. */
export const tellCalendarActionRequired = defineNotification({
  event: calendarActionRequired,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  emailKind: () => "immediate",
  isMustSend: true,
  text: ({ payload }) => ({
    title: `Connect ${PROVIDERS[payload.provider]} again`,
    body: `${PROVIDERS[payload.provider]} no longer lets us read your calendar. Meetings are not up to date until you connect it again.`,
    link: "/settings/calendar",
  }),
});
