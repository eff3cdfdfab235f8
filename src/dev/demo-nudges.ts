import { sql } from "drizzle-orm";
import { type Database, inTransaction, rows, type Tx } from "../db/client.ts";

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

/** Five people meet in 20 minutes; one of them has declined. */
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
