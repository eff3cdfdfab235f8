import { defineTexts } from "../languages/texts.ts";

/** The texts of the page behind an unsubscribe link. */
export const UNSUBSCRIBE_TEXTS = defineTexts("unsubscribe", {
  confirmTitle: "Unsubscribe?",
  confirm: "You will no longer receive e-mail about {about}. Notifications in the app stay as they are.",
  confirmAll:
    "You will no longer receive e-mail from us, except messages that we are required to send. Notifications in the app stay as they are.",
  unsubscribe: "Unsubscribe",
  doneTitle: "Unsubscribed",
  done: "You will no longer receive e-mail about {about}.",
  doneAll: "You will no longer receive e-mail from us, except messages that we are required to send.",
  usedTitle: "Already unsubscribed",
  used: "This link already unsubscribed you from e-mail about {about}. If you have subscribed again since, you can unsubscribe again.",
  usedAll:
    "This link already unsubscribed you from e-mail from us, except messages that we are required to send. If you have subscribed again since, you can unsubscribe again.",
  again: "Unsubscribe again",
  unknownTitle: "Invalid link",
  unknown: "The link is incomplete, or it has been revoked.",
  settings: "Notification settings",
  unknownAbout: "this",
});
