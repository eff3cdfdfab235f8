import { fileURLToPath } from "node:url";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { feedPresort } from "../../../src/workers/feeds/feed-presort.ts";
import { delivery } from "../../support/emails.ts";
import { organization } from "../../support/factories.ts";
import { follow, member, post } from "../../support/feeds.ts";
import { mirrored } from "../../support/host-platform.ts";
import { performRanged } from "../../support/jobs.ts";
import { projectFor, skilled } from "../../support/matching.ts";
import { profile, rate, scorePairs } from "../../support/pairs.ts";
import * as host from "../../support/platform.ts";
import { applicant, generate, posting } from "../../support/recommendations.ts";
import { NOW, rewardsDay } from "../../support/rewards-scene.ts";
import type { World } from "../../support/world.ts";

const ODD = "<img src=x onerror=alert(1)> \u202eevil\u001b[2J עדה 日本";

/** The paths of the pages of the areas, below /admin. */
export const AREAS: readonly string[] = PAGES.filter(
  ({ section }) => section === "Areas" || section === "Records",
).map(({ path }) => path);

/**
 * Something on every page of the areas: sales, budgets, decisions with and without reasons, suppressed
 * addresses, an experiment, rejected media, a mirror with faults, an audit log.
 *
 * @returns the paths of the pages about one thing, below /admin.
 */
export async function areasDay(world: World): Promise<readonly string[]> {
  world.at(NOW);
  const { people, saleId, heldId, periodId } = await rewardsDay(world);
  const userId = people[0]!.userId;
  await world.query("update users set name = $2, email = 'ada@people.test' where id = $1", [userId, ODD]);
  await host.prefer(world, userId, { status: "digest", eventType: "budget.awarded", channel: "email" });
  const deliveryId = await delivery(world, { userId, inApp: "read" });
  await delivery(world, { userId, cadence: "daily", reason: "frequency" });
  await delivery(world, {
    userId,
    decision: "deferred",
    reason: "quiet-hours",
    notBefore: "2026-03-10T06:00:00Z",
  });
  await world.query(
    "insert into emails (batch_id, user_id, delivery_id, status, reason) values (1, $1, $2, 'failed', $3)",
    [userId, deliveryId, ODD],
  );
  await world.query(
    "insert into experiment_exposures select 'digest-subject', user_id, 'count', id, now() from emails",
  );
  await world.query(
    "insert into email_suppressions (address_hash, reason) values (sha256('ada@people.test'), 'complaint'), (sha256('b'), 'hard_bounce')",
  );
  await world.query(
    `insert into media (owner_id, kind, status, mime_type, rejections, fault, failures, checked_at) values
       ($1, 'IMAGE', 'REJECTED', 'image/png', '[{"reason": "too-large"}]', null, 0, now()),
       ($1, 'VIDEO', 'FAILED_PROCESSING', null, null, 'truncated', 2, now())`,
    [userId],
  );
  await mirrored(world);
  await world.query("insert into mirror_faults (mirror, key, code) values ('users', $1, '23514')", [ODD]);
  await world.query(
    "insert into audit_log (actor, action, subject, details) values ('cli:ada', 'mirror.resume', $1, jsonb_build_object('reason', $1::text))",
    [ODD],
  );
  const [event] = await world.query<{ id: string }>("select event_id as id from deliveries where id = $1", [
    deliveryId,
  ]);
  return [
    `/sales/${saleId}`,
    `/sales/${heldId}`,
    "/sales?id=none",
    `/budgets/${periodId}`,
    `/explain?kind=commission&id=${saleId}`,
    `/notifications/why?user=${userId}&event=${event!.id}`,
    `/notifications/why?event=${event!.id}`,
    `/notifications/why?user=${userId}`,
    "/notifications?within=30+days&reason=frequency",
    "/suppressions?address=ada%40people.test",
    `/people/${userId}`,
    `/people/${userId}/rewards`,
    "/audit?actor=cli%3Aada",
  ];
}

/** A folder with the media of `computedDay`: its MEDIA_FOLDER. */
export const SCENE_MEDIA = fileURLToPath(new URL("../../media/fixtures", import.meta.url));

/**
 * What is computed for people: matches, recommendations, pair scores and a feed with media.
 *
 * @returns the paths of the pages about them and of an explanation of each, below /admin.
 */
export async function computedDay(world: World): Promise<readonly string[]> {
  const [matches, recommendations, pairs, feed] = [
    await plantMatch(world),
    await plantRecommendation(world),
    await plantPair(world),
    await plantFeed(world),
  ];
  const explained = Object.entries({ match: matches, recommendation: recommendations, pair: pairs, feed });
  return [
    `/people/${matches.userId}/matches`,
    `/people/${recommendations.userId}/recommendations`,
    `/people/${pairs.userId}/pairs`,
    `/feeds/${feed.userId}`,
    ...explained.map(([kind, { id }]) => `/explain?kind=${kind}&id=${id}`),
  ];
}

/** A user, and the id under which a figure of theirs is explained. */
type Planted = { readonly userId: string; readonly id: string };

/** A volunteer who was notified of a project that matches, with a wording of an experiment. */
async function plantMatch(world: World): Promise<Planted> {
  const organizationId = await organization(world);
  const userId = await skilled(world, { cooking: 1 }, { organizationId, name: ODD });
  const projectId = await projectFor(world, ["cooking", "baking"], { organizationId, name: ODD });
  await world.query(
    `insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, variant, slot)
     values ($1, $2, 0.5, gen_random_uuid(), 'wanted', $3)`,
    [projectId, userId, world.clock.now()],
  );
  return { userId, id: `${projectId}:${userId}` };
}

async function plantRecommendation(world: World): Promise<Planted> {
  const userId = await applicant(world, ["python", "postgres"], { primary_job_title: "Python Developer" });
  const postingId = await posting(world, {
    title: `Python Developer ${ODD}`,
    description: "Python and PostgreSQL",
  });
  await generate(world);
  return { userId, id: `${userId}:${postingId}` };
}

async function plantPair(world: World): Promise<Planted> {
  const [userId, other] = [
    await profile(world, { interests: [1, 2] }),
    await profile(world, { interests: [1, 2, 3], name: ODD }),
  ];
  await rate(world, userId, other, [5, 4, 5, 4]);
  await scorePairs(world);
  return { userId, id: `${userId}:${other}` };
}

/** A stored feed: a post with media of each kind, and one that is not checked. */
export async function plantFeed(world: World): Promise<Planted> {
  const [userId, author] = [await member(world), await member(world, { name: ODD })];
  await follow(world, userId, author);
  const postId = await post(world, author, { body: `${ODD}\n${"a long word ".repeat(40)}` });
  await world.query(
    `with files as (
       insert into media (owner_id, kind, status, mime_type, storage_key, checked_at)
       values ($1, 'IMAGE', 'READY', 'image/png', 'picture.png', now()), ($1, 'AUDIO', 'READY', 'audio/wav', 'tone.wav', now()),
              ($1, 'VIDEO', 'READY', 'video/mp4', 'clip.mp4', now()), ($1, 'IMAGE', 'UPLOADED', null, 'picture.webp', null)
       returning id)
     insert into post_media (post_id, media_id) select $2, id from files`,
    [author, postId],
  );
  await performRanged(world, feedPresort, feedPresort.payload.parse({ userId }));
  return { userId, id: `${userId}:${postId}` };
}
