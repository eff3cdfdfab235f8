import { recommendationsReady } from "../events/matching.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { counted } from "./wording.ts";

/** For their owner, once a week by e-mail. */
export const tellRecommendationsReady = defineNotification({
  event: recommendationsReady,
  recipients: userIn("user_id"),
  access: "none",
  inApp: false,
  emailKind: () => "weekly",
  text: ({ payload }) => {
    const recommendations = counted(payload.count, "new recommendation");
    return {
      title: `${recommendations} for you`,
      body: `${bold(recommendations)} for you.`,
      link: "/recommendations",
    };
  },
});
