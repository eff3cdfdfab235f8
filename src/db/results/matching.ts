import { INSTANT, isActiveUser, knownId, NUMBER, type ResultColumn, type ResultView } from "./result-view.ts";

const VOLUNTEER: ResultColumn = ["text", "the volunteer, by the id of the row in `volunteers`"];
const PROJECT: ResultColumn = ["text", "the project"];

const MATCHES = `select ${knownId("p")}, ${knownId("v", "user_id")}, ${knownId("u")}, m.match_score, m.jaccard, m.coverage, m.cosine, m.location_score,
  array(select ${knownId("k")} from unnest(m.matched_skill_ids) with ordinality i(id, n) join skills k on k.id = i.id order by i.n),
  m.matched_skill_count::int, m.calculated_at
from volunteer_initiative_matches m
join projects p on p.id = m.project_id
join volunteers v on v.user_id = m.volunteer_id and v.skills_visible
join users u on u.id = m.volunteer_id and ${isActiveUser("u")}`;

const MATCH_COLUMNS: ResultView["columns"] = {
  project_id: PROJECT,
  volunteer_id: VOLUNTEER,
  user_id: ["text", "the volunteer, by the id of the user"],
  match_score: [NUMBER, "0 to 1"],
  jaccard_index: [NUMBER, "shared skills among all skills of the two"],
  coverage: [NUMBER, "share of the required skills"],
  cosine: [NUMBER, "similarity of the weighted skills"],
  location_score: [NUMBER, "null if the distance does not count"],
  matched_skill_ids: ["text[]", "the required skills that the volunteer has"],
  matched_skill_count: ["integer", "their number"],
  calculated_at: [INSTANT, "when the row was computed"],
};

const matches = (name: string, about: string): ResultView => ({
  name,
  about,
  columns: MATCH_COLUMNS,
  lookups: ["project_id", "volunteer_id", "user_id"],
  select: MATCHES,
});

export const MATCHING_VIEWS: readonly ResultView[] = [
  matches(
    "volunteer_initiative_matches",
    "The volunteers on the match list of each project. Volunteers who hide their skills, or were deactivated, are missing.",
  ),
  matches("volunteer_project_matches", "The same rows under the later name of that table."),
  {
    name: "candidate_notifications",
    about: "Which volunteers were notified of which projects.",
    columns: {
      project_id: PROJECT,
      volunteer_id: VOLUNTEER,
      user_id: ["text", "the volunteer, by the id of the user"],
      match_score: [NUMBER, "the score at that time"],
      notification_batch_id: ["uuid", "the batch of the day"],
      notified_at: [INSTANT, "when the notification was created"],
    },
    lookups: ["project_id", "volunteer_id", "user_id"],
    select: `select ${knownId("p")}, ${knownId("v", "user_id")}, ${knownId("u")}, n.match_score, n.batch_id, n.notified_at
from candidate_notifications n
join projects p on p.id = n.project_id
join volunteers v on v.user_id = n.volunteer_id
join users u on u.id = n.volunteer_id and ${isActiveUser("u")}`,
  },
];
