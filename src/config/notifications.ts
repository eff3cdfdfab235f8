import { defineArea } from "./area.ts";
import { timeZone, whole } from "./fields.ts";
import { webhookSecrets } from "./secret-fields.ts";

export const notifications = defineArea({
  title: "Notifications",
  variables: {
    DOMAIN_EVENTS_WEBHOOK_SECRET: webhookSecrets.describe(
      "Shared secret of `POST /webhooks/domain_events`, `POST /webhooks/engagement` and `POST /webhooks/records`, at least 24 bytes. Several, separated by commas, are all accepted. Without one they answer 503.",
    ),
    USER_TIME_ZONE: timeZone("America/Los_Angeles").describe(
      "Time zone of users who have not set one: for quiet hours, times in texts, and digests.",
    ),
    USER_EMAILS_PER_HOUR: whole(10, 1, 1_000).describe(
      "Maximum number of single e-mails to one user per hour. Further notifications go into the digest.",
    ),
    NOTIFICATION_DAYS: whole(180, 30, 3_650).describe(
      "How many days notifications and deliveries are kept. Records that nudges depend on may be kept longer.",
    ),
    EVENT_DAYS: whole(400, 0, 36_500).describe(
      "How many days events are kept; 0 keeps them forever. An event is kept at least as long as its notifications. Once it is deleted, a webhook call with its id is taken as a new event.",
    ),
  },
  read: (v) => ({
    eventsWebhook: { secrets: v.DOMAIN_EVENTS_WEBHOOK_SECRET },
    notifications: {
      /** IANA zone of users who have not set one. */
      userTimeZone: v.USER_TIME_ZONE,
      /** Maximum number of single e-mails to a user per hour; further ones go into a digest. */
      emailsPerHour: v.USER_EMAILS_PER_HOUR,
      /** How long notifications and deliveries are kept. */
      keptDays: v.NOTIFICATION_DAYS,
      /** How long events are kept; 0: forever. */
      eventDays: v.EVENT_DAYS,
    },
  }),
});
