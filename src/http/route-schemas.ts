import { z } from "zod";
import { recordLine } from "../connect/read-records.ts";
import { hostEvent } from "../intake/read-events.ts";
import { reasonBody } from "./admin/access/reason.ts";
import { holdsPage } from "./admin/rewards.ts";
import { connectionBody } from "./api/calendar-connections.ts";
import { changesQuery } from "./api/changes.ts";
import { feedPage, seenBody } from "./api/feed.ts";
import { dismissalBody, postingsQuery } from "./api/job-postings.ts";
import { statementPage, treeQuery } from "./api/ledger.ts";
import { candidatesPage, ownPage } from "./api/matches.ts";
import { preferencesBody } from "./api/notification-preferences.ts";
import { notificationQuery } from "./api/notifications.ts";
import { peopleQuery } from "./api/people.ts";
import { recommendationsPage, viewsBody } from "./api/recommendations.ts";
import { referralBody } from "./api/referrals.ts";
import { profilesQuery, suggestionsQuery } from "./api/search-query.ts";
import { trendingQuery } from "./api/trending.ts";

/** The schemas by which a route checks its requests. */
export type RouteSchemas = {
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly isBodyOptional?: true;
  /** Default: application/json. NDJSON has the schema of each line. */
  readonly bodyType?: "application/x-ndjson";
};

/** By method and path, as the documentation writes them. Other routes take no parameters. */
export const ROUTE_SCHEMAS: Readonly<Record<string, RouteSchemas>> = {
  "GET /api/v1/changes": { query: changesQuery },
  "GET /api/v1/ledger/me": { query: statementPage },
  "GET /api/v1/referrals/tree": { query: treeQuery },
  "POST /api/v1/referrals": { body: referralBody },
  "GET /api/v1/projects/:id/candidates": { query: candidatesPage },
  "GET /api/v1/volunteers/me/matches": { query: ownPage },
  "GET /api/v1/users/me/matches": { query: peopleQuery },
  "GET /api/v1/jobs/recommendations": { query: recommendationsPage },
  "POST /api/v1/jobs/recommendations/seen": { body: viewsBody },
  "GET /api/v1/jobs": { query: postingsQuery },
  "POST /api/v1/jobs/:id/dismiss": { body: dismissalBody, isBodyOptional: true },
  "GET /api/v1/search/profiles": { query: profilesQuery },
  "GET /api/v1/search/suggest": { query: suggestionsQuery },
  "GET /api/v1/feed": { query: feedPage },
  "POST /api/v1/feed/seen": { body: seenBody },
  "GET /api/v1/trending": { query: trendingQuery },
  "GET /api/v1/notifications": { query: notificationQuery },
  "PUT /api/v1/notification-preferences": { body: preferencesBody },
  "PUT /api/v1/calendar-connections/:provider": { body: connectionBody },
  "GET /admin/api/holds": { query: holdsPage },
  "POST /admin/api/holds/:sale/:decision": { body: reasonBody },
  "POST /admin/dead-letters/:id/retry": { body: reasonBody },
  "POST /admin/dead-letters/:id/discard": { body: reasonBody },
  "POST /webhooks/records": { body: recordLine, bodyType: "application/x-ndjson" },
  "POST /webhooks/domain_events": { body: z.object({ events: z.array(hostEvent).min(1) }) },
};
