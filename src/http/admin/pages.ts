import { auditPage } from "./audit/audit.ts";
import { budgetsPage } from "./budgets/budgets.ts";
import { deadLettersPage } from "./dead-letters.ts";
import { emailsPage } from "./emails.ts";
import { explainPage } from "./explain/explain.ts";
import { feedsPage } from "./feeds.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { jobsPage } from "./jobs/jobs.ts";
import { ledgerPage } from "./ledger/ledger.ts";
import { emailResultsPage } from "./mail/email-results.ts";
import { suppressionsPage } from "./mail/suppressions.ts";
import { decisionsPage } from "./notifications/notifications.ts";
import { overviewPage } from "./overview/overview.ts";
import { peoplePage } from "./people/people.ts";
import { runsPage } from "./runs/runs.ts";
import { salesPage } from "./sales/sales.ts";
import { schedulesPage } from "./schedules/schedules.ts";
import { hostsPage } from "./sources/hosts.ts";
import { mediaPage } from "./sources/media.ts";
import { postingSourcesPage } from "./sources/postings.ts";
import { workPage } from "./work/work.ts";

/** Every page of the dashboard, in the order of the navigation. A page registers itself here. */
export const PAGES: readonly AdminPage[] = [
  overviewPage,
  workPage,
  deadLettersPage,
  runsPage,
  jobsPage,
  schedulesPage,
  salesPage,
  ledgerPage,
  budgetsPage,
  decisionsPage,
  emailResultsPage,
  suppressionsPage,
  emailsPage,
  peoplePage,
  feedsPage,
  explainPage,
  postingSourcesPage,
  mediaPage,
  hostsPage,
  auditPage,
];
