import { INSTANT, isActiveUser, knownId, NUMBER, type ResultView, USER_ID } from "./result-view.ts";

/** SQL: whether author `a` exists and was neither banned nor deleted. */
const IS_AUTHOR = `${isActiveUser("a")} and not exists (select from profiles r where r.user_id = a.id and (r.banned or r.deleted_at is not null))`;

/** SQL: whether post `p` of author `a` may be shown to anybody. */
const IS_KEPT = `p.hidden_at is null and p.deleted_at is null and ${IS_AUTHOR}`;

export const FEED_VIEWS: readonly ResultView[] = [
  {
    name: "feed_presorted",
    about:
      "The stored feed of each user, in the order of the time it was computed, without what they may not see. The API also moves back what they have seen since.",
    columns: {
      user_id: USER_ID,
      segment: ["integer", "1 and more"],
      position: ["integer", "1 and more, over all segments"],
      kind: ["text", "`post`, `suggestion` or `question`"],
      item_id: ["text", "the post, the user, or the question"],
      computed_at: [INSTANT, "when it was computed"],
      expires_at: [INSTANT, "when it is computed again, at the latest when the user asks"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")}, ((i.position - 1) / f.segment_size + 1)::int, i.position::int, i.kind, i.item_id, f.computed_at, f.expires_at
from users u
join feed_presorted f on f.user_id = u.id and f.replaced_at is null and f.algo_version = '1'
cross join lateral (
  select row_number() over (order by o.place) as position, o.kind,
    case o.kind when 'post' then ${knownId("p")} when 'suggestion' then ${knownId("s")} else q.question_id end as item_id
  from feed_order(f.items) o
  left join posts p on o.kind = 'post' and p.id = o.id
  left join users s on o.kind = 'suggestion' and s.id = o.id
  left join quiz_options q on o.kind = 'question' and q.id = o.id
  where case o.kind
      when 'post' then may_read(u.id, o.id)
      when 'suggestion' then may_see(u.id, o.id) and not exists (
        select from engagement_events h
        where h.user_id = u.id and h.kind = 'hide' and h.target_kind = 'user' and h.target_id = o.id and h.taken_back_at is null)
      else q.id is not null and not exists (select from quiz_answers w where w.user_id = u.id and w.question_id = q.question_id)
    end) i
where ${isActiveUser("u")} and i.position <= f.segment_size * f.max_segments`,
  },
  {
    name: "post_features",
    about: "What is computed of the content of each post.",
    columns: {
      post_id: ["text", "the post"],
      topics: ["text[]", "its topics"],
      quality: [NUMBER, "0 to 1"],
      language: ["text", "null if it is not known"],
      computed_at: [INSTANT, "when it was computed"],
    },
    lookups: ["post_id"],
    select: `select ${knownId("p")}, f.topics, f.quality, f.language, f.computed_at
from post_features f
join posts p on p.id = f.post_id
join users a on a.id = p.author_id
where ${IS_KEPT}`,
  },
  {
    name: "trending_scores",
    about:
      "How much each public post of the last 48 hours trends, as of the last run. Null in a post that fewer than 5 people engaged with.",
    columns: {
      post_id: ["text", "the post"],
      popularity: [NUMBER, "engagement (likes, twice the comments, three times the shares), less with age"],
      velocity: [NUMBER, "engagement per hour"],
      peak_time: [INSTANT, "the hour with the most engagement"],
      computed_at: [INSTANT, "when it was computed"],
      expires_at: [INSTANT, "when it ends to trend"],
    },
    lookups: ["post_id"],
    select: `select ${knownId("p")}, t.popularity, t.velocity, t.peak_time, t.computed_at, t.expires_at
from trending_scores t
join posts p on p.id = t.post_id
join users a on a.id = p.author_id
where t.computed_at is not null and p.visibility = 'public' and ${IS_KEPT}
  and not exists (select from profiles r where r.user_id = a.id and not r.visible)`,
  },
  {
    name: "user_affinity_profiles",
    about: "What each user engages with.",
    columns: {
      user_id: USER_ID,
      creators: ["jsonb", "share of each author, by their id; authors who left are missing"],
      topics: ["jsonb", "share of each topic"],
      content_types: ["jsonb", "share of each type of content"],
      engagement_velocity: [NUMBER, "engagements per day"],
      exploration_factor: [NUMBER, "0 to 1: how widely the user reads"],
      computed_at: [INSTANT, "when it was computed"],
    },
    lookups: ["user_id"],
    select: `select ${knownId("u")},
  (select coalesce(jsonb_object_agg(${knownId("a")}, c.share), '{}') from unnest(f.creator_ids, f.creator_shares) c(id, share)
   join users a on a.id = c.id where ${IS_AUTHOR}),
  (select coalesce(jsonb_object_agg(t.topic, t.share), '{}') from unnest(f.topics, f.topic_shares) t(topic, share)),
  f.content_types, f.engagement_velocity, f.exploration_factor, f.computed_at
from user_affinity_profiles f
join users u on u.id = f.user_id and ${isActiveUser("u")}`,
  },
  {
    name: "media",
    about: "What was found out about each file.",
    columns: {
      id: ["text", "the file"],
      owner_id: ["text", "its owner"],
      status: ["text", "`READY`, `REJECTED` and the like"],
      mime_type: ["text", "read from its bytes"],
      size_bytes: ["bigint", "null before it was checked"],
      width: ["integer", "pixels"],
      height: ["integer", "pixels"],
      duration_ms: ["bigint", "of video and audio"],
      rejections: ["jsonb", "why it was rejected"],
      checked_at: [INSTANT, "null before it was checked"],
      thumbhash: ["text", "of an image, in Base64; null where `MEDIA_PREVIEWS` does not ask for it"],
      waveform: ["smallint[]", "of a sound: 200 numbers from 0 to 255; null likewise"],
    },
    lookups: ["id", "owner_id"],
    select: `select ${knownId("m")}, ${knownId("u")}, m.status, m.mime_type, m.size_bytes, m.width, m.height, m.duration_ms, m.rejections, m.checked_at,
  encode(p.thumbhash, 'base64'), p.waveform
from media m
join users u on u.id = m.owner_id and ${isActiveUser("u")}
left join media_previews p on p.media_id = m.id and m.status = 'READY'`,
  },
  {
    name: "media_thumbnails",
    about: "A small image of each image, where `MEDIA_PREVIEWS` asks for it.",
    columns: {
      media_id: ["text", "the file"],
      thumbnail: ["bytea", "WebP, at most 256 pixels wide and high, without metadata"],
    },
    lookups: ["media_id"],
    select: `select ${knownId("m")}, p.thumbnail
from media_previews p
join media m on m.id = p.media_id and m.status = 'READY'
join users u on u.id = m.owner_id and ${isActiveUser("u")}
where p.thumbnail is not null`,
  },
];
