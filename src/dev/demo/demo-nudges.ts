import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction, type Tx } from "../../db/transaction.ts";

type Scene = { readonly db: Database };

const PEOPLE = 5;

/** Some members of the community. */
async function somePeople(tx: Tx): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select user_id as id from volunteer_profiles order by id limit ${PEOPLE}`,
  );
  return found.map(({ id }) => id);
}

/** A meeting of five in 20 minutes; one of them declined. */
export async function aMeetingBeginsSoon({ db }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    const [organizer, ...others] = await somePeople(tx);
    if (organizer === undefined) throw new Error("The community of the demo has no members.");
    const [meeting] = await rows<{ id: string }>(
      tx,
      sql`insert into meetings (organizer_id, title, start_time, end_time)
          values (${organizer}, 'Spring planning', now() + interval '20 minutes', now() + interval '80 minutes') returning id`,
    );
    for (const [index, user] of [organizer, ...others].entries()) {
      await tx.execute(
        sql`insert into meeting_participants (meeting_id, user_id, response, invited_at)
            values (${meeting?.id}, ${user}, ${index === 1 ? "declined" : "accepted"}, now() - interval '2 days')`,
      );
    }
  });
  return {};
}

/** A message from four hours ago; one of its four recipients has read it. */
export async function aMessageIsLeftUnread({ db }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    const [writer, ...readers] = await somePeople(tx);
    if (writer === undefined) throw new Error("The community of the demo has no members.");
    const [thread] = await rows<{ id: string }>(
      tx,
      sql`insert into chat_threads (topic) values ('Who brings the ladders?') returning id`,
    );
    for (const [index, user] of [writer, ...readers].entries()) {
      await tx.execute(
        sql`insert into chat_thread_participants (thread_id, user_id, joined_at, last_read_at)
            values (${thread?.id}, ${user}, now() - interval '9 days', ${index === 1 ? new Date() : null})`,
      );
    }
    await tx.execute(
      sql`insert into messages (thread_id, sender_id, body, created_at)
          values (${thread?.id}, ${writer}, 'We need two of them on Saturday.', now() - interval '4 hours')`,
    );
  });
  return {};
}

/** A participant of that conversation. */
export async function aParticipant({ db }: Scene): Promise<object> {
  const [participant] = await rows<{ threadId: string; userId: string }>(
    db.drizzle,
    sql`select thread_id as "threadId", user_id as "userId" from chat_thread_participants order by thread_id, user_id limit 1`,
  );
  if (!participant) throw new Error("The demo has no conversation.");
  return participant;
}

/** A project created two days ago, without a description so far. */
export async function aProjectIsLeftUndescribed({ db }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    await tx.execute(
      sql`insert into projects (organization_id, name, created_by, created_at)
          select p.organization_id, 'A garden for the school', p.user_id, now() - interval '2 days'
          from volunteer_profiles p order by p.id limit 1`,
    );
  });
  return {};
}
