import { INSTANT, isActiveUser, isShown, knownId, NUMBER, type ResultView, USER_ID } from "./result-view.ts";

const COMPONENTS = ["jsonb", "the terms of the score"] as const;

/** SQL: whether the person with profile `f` hides something, so that it must not be shown. */
const hides = (...attributes: readonly string[]): string =>
  `f.hidden_attributes && '{${attributes.join(",")}}'::text[]`;
const HIDES_INTERESTS = hides("interests");
const PLACE = ["location_text", "latitude", "longitude"];

/** SQL: the terms of pairs that the person hides (src/scoring/people/hidden-terms.ts). */
const HIDDEN_TERMS = `array_remove(array[case when ${HIDES_INTERESTS} then 'interests' end, case when ${hides("traits")} then 'traits' end,
    case when ${hides(...PLACE)} then 'proximity' end], null)`;

/** SQL: a column of the index `i` unless the person hides it. */
const unlessHidden = (column: string, attributes: readonly string[], otherwise = "null"): string =>
  `case when ${hides(...attributes)} then ${otherwise} else i.${column} end`;

export const PEOPLE_VIEWS: readonly ResultView[] = [
  {
    name: "match_scores",
    about:
      "The pair lists of each user that are served. Candidates who hid, left, or blocked the user or were blocked are missing.",
    columns: {
      user_id: USER_ID,
      candidate_id: ["text", "the candidate"],
      score: [NUMBER, "0 to 1"],
      tier: ["text", "`A` or `B`"],
      components: COMPONENTS,
      reasons: ["jsonb", "shared interests, and the strongest terms"],
      scored_at: [INSTANT, "when it was computed"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, ${knownId("c")}, m.score::float8, m.tier,
  m.components - ${HIDDEN_TERMS},
  jsonb_build_object('shared_interests', case when ${HIDES_INTERESTS} then '[]'::jsonb else m.reasons -> 'shared_interests' end,
    'strongest', (m.reasons -> 'strongest') - ${HIDDEN_TERMS}),
  m.scored_at
from users u
cross join lateral (select * from match_scores l where l.user_id = u.id offset 0) m
join users c on c.id = m.candidate_id
join profiles f on f.user_id = m.candidate_id
where ${isActiveUser("u")}`,
  },
  {
    name: "user_compatibility",
    about: "The compatibility lists of each user that are served, with the same people left out.",
    columns: {
      user_id: USER_ID,
      target_id: ["text", "the other user"],
      score: [NUMBER, "0 to 1; null without enough data"],
      status: ["text", "`READY` or `INSUFFICIENT_DATA`"],
      components: COMPONENTS,
      computed_at: [INSTANT, "when it was computed"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, ${knownId("c")}, m.score::float8, case m.status when 'SCORED' then 'READY' else m.status end,
  m.components - ${HIDDEN_TERMS}, m.computed_at
from users u
cross join lateral (select * from user_compatibility l where l.user_id = u.id offset 0) m
join users c on c.id = m.target_id
join profiles f on f.user_id = m.target_id
where ${isActiveUser("u")}`,
  },
  {
    name: "profile_search_index",
    about:
      "What the search of people knows of each user who is found, without what they hide. Others are missing.",
    columns: {
      user_id: USER_ID,
      names: ["text", "names and their parts, without case and accents"],
      place: ["text", "words of the place"],
      gender: ["text", "null if it is not known"],
      intent: ["text", "null if it is not known"],
      birth_date: ["date", "null if it is not known"],
      latitude: [NUMBER, "on a grid of about 2 km"],
      longitude: [NUMBER, "on a grid of about 2 km"],
      interest_count: ["integer", "number of interests"],
      standing: ["real", "what breaks ties of equally good hits"],
      indexed_at: [INSTANT, "when the row was written"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, i.names, ${unlessHidden("place", PLACE, "''")}, ${unlessHidden("gender", ["gender"])}, ${unlessHidden("intent", ["intent"])},
  ${unlessHidden("birth_date", ["birth_date"])}, ${unlessHidden("latitude", PLACE)}, ${unlessHidden("longitude", PLACE)},
  ${unlessHidden("interests", ["interests"], "0")}, i.standing, i.indexed_at
from profile_search_index i
join users u on u.id = i.user_id
join profiles f on f.user_id = i.user_id
where i.searchable and ${isShown("u")}`,
  },
  {
    name: "searchable_users",
    about: "Whether each user is found by the search, and why not.",
    columns: {
      user_id: USER_ID,
      searchable: ["boolean", "whether others find the user"],
      completeness: ["integer", "points of the profile, 0 to 100"],
      reasons: ["text[]", "why not: `hidden`, `banned`, `no photo` and the like"],
      changed_at: [INSTANT, "when it changed last"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, s.searchable, s.completeness::int, s.reasons, s.changed_at
from searchable_users s
join users u on u.id = s.user_id and ${isActiveUser("u")}`,
  },
  {
    name: "interest_user_set",
    about: "The users who have each interest, without those who hide it or may not be shown.",
    columns: { interest_id: ["text", "the interest"], user_id: USER_ID },
    lookups: ["interest_id", "user_id"],
    select: `select ${knownId("i")}, ${knownId("u")}
from interest_user_set s
join interests i on i.id = s.interest_id
join users u on u.id = s.user_id
join profiles f on f.user_id = s.user_id
where not (${HIDES_INTERESTS}) and ${isShown("u")}`,
  },
  {
    name: "interest_subject_user_set",
    about: "The users who have an interest in each subject, without the same people.",
    columns: { subject_id: ["text", "the subject"], user_id: USER_ID },
    lookups: ["subject_id", "user_id"],
    select: `select ${knownId("i")}, ${knownId("u")}
from interest_subject_user_set s
join interest_subjects i on i.id = s.subject_id
join users u on u.id = s.user_id
join profiles f on f.user_id = s.user_id
where not (${HIDES_INTERESTS}) and ${isShown("u")}`,
  },
  {
    name: "user_traits",
    about: "The traits of each user who does not hide them, from their quiz answers.",
    columns: {
      user_id: USER_ID,
      trait: ["text", "name of the trait"],
      value: [NUMBER, "mean of the values of the answers"],
      n: ["integer", "number of answers"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, t.name, s.value, s.n
from user_traits s
join list_versions v on v.id = s.version and v.area = 'traits' and v.state = 'served'
join traits t on t.id = s.trait_id
join users u on u.id = s.user_id and ${isActiveUser("u")}
join profiles f on f.user_id = s.user_id
where not (${hides("traits")})`,
  },
];
