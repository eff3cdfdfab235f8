import { FEED_VIEWS } from "./feeds.ts";
import { MATCHING_VIEWS } from "./matching.ts";
import { NOTICE_VIEWS } from "./notices.ts";
import { PEOPLE_VIEWS } from "./people.ts";
import { POSTING_VIEWS } from "./postings.ts";
import type { ResultView } from "./result-view.ts";
import { REWARD_VIEWS } from "./rewards.ts";

/** The views in the schema of results, in the order of the documentation. */
export const RESULT_VIEWS: readonly ResultView[] = [
  ...MATCHING_VIEWS,
  ...NOTICE_VIEWS,
  ...REWARD_VIEWS,
  ...POSTING_VIEWS,
  ...PEOPLE_VIEWS,
  ...FEED_VIEWS,
];
