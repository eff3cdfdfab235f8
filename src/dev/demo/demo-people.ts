import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";

type Scene = { readonly db: Database };

const PEOPLE = 200;

/** Members get profiles that others find: interests, answers to a quiz, ratings of each other. */
export async function peopleMeet({ db }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    const people = sql`(select id, row_number() over (order by id)::int as n from users
                        where id > 0 and deactivated_at is null and erased_at is null order by id limit ${PEOPLE})`;
    await tx.execute(
      sql`insert into profiles (user_id, bio, birth_date, gender, location_text, latitude, longitude)
          select p.id, 'I like to help where I can: on Saturdays in the garden, and with whatever neighbours need.', date '1970-01-01' + (p.n * 97 % 11000), (array['woman', 'man', 'other'])[1 + p.n % 3],
                 (array['Lyon', 'Paris'])[1 + p.n % 2], case p.n % 2 when 0 then 45.76 else 48.86 end + (p.n % 10) * 0.02,
                 case p.n % 2 when 0 then 4.84 else 2.35 end + (p.n % 7) * 0.02
          from ${people} p on conflict do nothing`,
    );
    await tx.execute(
      sql`insert into interest_subjects (key, label) values ('outdoors', 'Outdoors'), ('culture', 'Culture') on conflict do nothing`,
    );
    await tx.execute(
      sql`insert into interests (subject_id, key, label)
          select s.id, lower(i.label), i.label
          from (values ('outdoors', 'Hiking'), ('outdoors', 'Gardening'), ('outdoors', 'Cycling'), ('culture', 'Chess'),
                       ('culture', 'Cinema'), ('culture', 'Cooking')) as i(subject, label)
          join interest_subjects s on s.key = i.subject on conflict do nothing`,
    );
    await tx.execute(
      sql`insert into user_interests (user_id, interest_id)
          select p.id, i.id from ${people} p join interests i on (p.n * 7 + i.id) % 2 = 0 on conflict do nothing`,
    );
    await tx.execute(
      sql`insert into quiz_options (host_id, question_id, trait_values)
          select 'demo-' || n, 'evenings', jsonb_build_object('outgoing', n * 3 - 6, 'curious', 8 - n * 2) from generate_series(1, 4) n
          on conflict do nothing`,
    );
    await tx.execute(
      sql`insert into quiz_answers (user_id, quiz_id, question_id, option_id)
          select p.id, 'about-you', o.question_id, o.id from ${people} p join quiz_options o on o.host_id = 'demo-' || 1 + p.n % 4
          on conflict do nothing`,
    );
    await tx.execute(
      sql`insert into profile_ratings (rater_id, rated_id, attractive, smart, funny, interesting)
          select a.id, b.id, a.n % 6, b.n % 6, (a.n + b.n) % 6, 4
          from ${people} a join ${people} b on b.n between a.n + 1 and a.n + 3 on conflict do nothing`,
    );
  });
  return {};
}

/** A user adds an interest. */
export async function someoneLearnsChess({ db }: Scene): Promise<object> {
  return inTransaction(db, async (tx) => {
    const [person] = await rows<{ id: string }>(
      tx,
      sql`select user_id as id from profiles order by user_id limit 1`,
    );
    await tx.execute(
      sql`insert into user_interests (user_id, interest_id) select ${person?.id}, id from interests where key = 'chess' on conflict do nothing`,
    );
    return { userId: person?.id };
  });
}

/** A user whose profile changed. */
export async function aProfileChanges({ db }: Scene): Promise<{ userId: string | undefined }> {
  const [person] = await rows<{ id: string }>(
    db.drizzle,
    sql`select user_id as id from profiles order by user_id limit 1`,
  );
  return { userId: person?.id };
}
