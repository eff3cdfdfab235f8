import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { storeEngagement } from "../../feeds/engagement.ts";

const POSTS = [
  [
    "photo",
    "First tomatoes of the year in the community garden. Come by on Saturday, there are seedlings for everyone!",
  ],
  ["text", "Who can lend us a cargo bike for the flea market? We return it clean and with a cake on it."],
  [
    "video",
    "The river cleanup in two minutes: forty volunteers, three tons of rubbish and one very surprised duck.",
  ],
  ["poll", "Where shall the next repair café take place: library, school or town hall?"],
  [
    "text",
    "Our choir tuned its instruments for the summer concert. Listen to the first note of the evening!",
  ],
  [
    "photo",
    "Before and after: the old playground has a new swing, thanks to everybody who painted, dug and carried.",
  ],
] as const;

const AUTHORS = POSTS.length;
const READERS = 12;

/** The files of posts, by the number of the post: those that demo-media.ts uploads. */
const FILES = [
  [1, "sunset.png"],
  [3, "duck.mp4"],
  [5, "tone.wav"],
  [6, "sunset.png"],
] as const;

/**
 * Volunteers of an organization write posts with pictures and sounds, follow each other, and like, comment on
 * and share what they read; more of the first posts than of the last.
 */
export async function neighboursPost({
  db,
  organizationIds,
  name,
}: {
  readonly db: Database;
  readonly organizationIds: readonly string[];
  readonly name: string;
}): Promise<object> {
  await inTransaction(db, async (tx) => {
    const people = await rows<{ id: string }>(
      tx,
      sql`select v.user_id as id from volunteer_profiles v join users u on u.id = v.user_id and u.created_at < now() - interval '2 days'
          where v.organization_id = ${organizationIds[0]} order by v.id limit ${AUTHORS + READERS}`,
    );
    const ids = people.map(({ id }) => id);
    await tx.execute(sql`update users set last_active_at = now() where id = any(${array(ids)}::bigint[])`);
    await tx.execute(
      sql`insert into posts (host_id, author_id, content_type, body, created_at)
          select ${name}::text || '-post-' || n, author, kind, body, now() - n * interval '70 minutes' - interval '1 hour'
          from unnest(${array(ids.slice(0, AUTHORS))}::bigint[], ${array(POSTS.map(([kind]) => kind))}::text[],
                      ${array(POSTS.map(([, body]) => body))}::text[]) with ordinality as p(author, kind, body, n)
          where author is not null`,
    );
    await tx.execute(
      sql`insert into post_media (post_id, media_id)
          select p.id, m.id
          from unnest(${array(FILES.map(([post]) => post))}::int[], ${array(FILES.map(([, file]) => file))}::text[]) as f(post, file)
          join posts p on p.host_id = ${name}::text || '-post-' || f.post join media m on m.storage_key = ${name}::text || '-' || f.file`,
    );
    await tx.execute(
      sql`insert into profile_access (viewer_id, owner_id, status)
          select v, o, 'granted' from unnest(${array(ids)}::bigint[]) v cross join unnest(${array(ids.slice(0, AUTHORS))}::bigint[]) o
          where v <> o and (v + o) % 3 < 2 on conflict do nothing`,
    );
    await storeEngagement(tx, engagementOf(ids, name));
  });
  return {};
}

function engagementOf(ids: readonly string[], name: string): object[] {
  const at = new Date(Date.now() - 30 * 60_000).toISOString();
  return ids.flatMap((userId, reader) =>
    POSTS.flatMap((_, n) => {
      if ((reader * 7 + n * 5) % POSTS.length < n) return [];
      const kind = ["like", "like", "comment", "like", "share"][(reader + n) % 5];
      const event = {
        user_id: userId,
        target_kind: "post",
        target_id: `${name}-post-${n + 1}`,
        kind,
        occurred_at: at,
      };
      return [{ id: `${name}-${userId}-${n}`, ...event }];
    }),
  );
}
