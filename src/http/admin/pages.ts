import { deadLettersPage } from "./dead-letters.ts";
import { emailResultsPage } from "./email-results.ts";
import { emailsPage } from "./emails.ts";
import { feedsPage } from "./feeds.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { overviewPage } from "./overview/overview.ts";
import { runsPage } from "./runs/runs.ts";
import { schedulesPage } from "./schedules.ts";

/** Every page of the dashboard, in the order of the navigation. A page registers itself here. */
export const PAGES: readonly AdminPage[] = [
  overviewPage,
  runsPage,
  schedulesPage,
  deadLettersPage,
  feedsPage,
  emailsPage,
  emailResultsPage,
];
