import { INSTANT, isActiveUser, knownId, NUMBER, type ResultView, USER_ID } from "./result-view.ts";

export const POSTING_VIEWS: readonly ResultView[] = [
  {
    name: "job_recommendations",
    about:
      "The stored recommendations of each user, as of the last run. The API also applies what the user did since, and leaves out postings that were closed.",
    columns: {
      id: ["uuid", "the same for a user and a posting in every run"],
      user_id: USER_ID,
      job_id: ["text", "the posting"],
      public_job_id: ["uuid", "the posting, as the API refers to it"],
      match_score: [NUMBER, "0 to 1"],
      match_reason: ["text", "in words"],
      components: ["jsonb", "the terms of the score"],
      created_at: [INSTANT, "when it was recommended last"],
      expires_at: [INSTANT, "three days later: filter by `expires_at > now()`"],
    },
    lookups: ["user_id"],
    select: `select r.id, ${knownId("u")}, coalesce(j.host_id, r.job_id::text), j.public_id, r.match_score, r.match_reason, r.components, r.created_at, r.expires_at
from users u
cross join lateral (select * from job_recommendations l where l.user_id = u.id offset 0) r
left join jobs j on j.id = r.job_id
where ${isActiveUser("u")}`,
  },
];
