import { recommendationsReady } from "../events/matching.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { counted } from "./wording.ts";

/** For the user the recommendations are for, in the weekly digest. */
export const recommendationsReadyNotification = defineNotification({
  event: recommendationsReady,
  recipients: userIn("user_id"),
  access: "none",
  inApp: false,
  email: {
    kind: "weekly",
    section: "Recommendations",
    button: "View your recommendations",
    because: "you asked for recommendations",
    about: "recommendations",
    sample: { payload: { user_id: "5", count: 5 } },
  },
  text: ({ payload }) => {
    const recommendations = counted(payload.count, "new recommendation");
    return {
      title: `${recommendations} for you`,
      body: `We found ${bold(recommendations)} for you.`,
      link: "/recommendations",
    };
  },
});
