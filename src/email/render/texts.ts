import { defineTexts } from "../../languages/texts.ts";

/** The texts of every e-mail, around its content. */
export const EMAIL_TEXTS = defineTexts("email", {
  email: "e-mail",
  hello: "Hello,",
  helloName: "Hello {name},",
  settings: "Change notification settings",
  unsubscribe: "Unsubscribe from e-mail about {about}",
  unsubscribeAll: "Unsubscribe from all e-mail",
});

export const DIGEST_TEXTS = defineTexts("digest", {
  hourly: "Here is what is new.",
  daily: "Here is what happened since yesterday.",
  weekly: "Here is what happened this week.",
  hourlyReason: "You get this hourly digest because of your notification settings.",
  dailyReason: "You get this daily digest because of your notification settings.",
  weeklyReason: "You get this weekly digest because of your notification settings.",
  yours: "{count} updates for you",
  inProject: "{count} updates in {project}",
  inProjectAndMore: "{count} updates in {project} and more",
  inProjects: "{count} updates in {projects} projects",
  inProjectsAndMore: "{count} updates in {projects} projects and more",
  headline: "{title} and {count} more",
  forYou: "For you",
  more: "and {count} more",
  moreInProjects: {
    projects: {
      one: "and {count} more in {projects} other project",
      other: "and {count} more in {projects} other projects",
    },
  },
  viewAll: "View all",
});
