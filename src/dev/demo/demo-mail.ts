import { readdir } from "node:fs/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { untilSettled } from "./demo-figures.ts";

type Scene = { readonly db: Database; readonly now: Date };

const NEWCOMERS = 12;
/** The demo cannot wait an hour for a digest, so waiting deliveries are backdated by this much. */
const WAITED = "2 hours";

/**
 * Some volunteers are given access to a project. Their notifications enqueue e-mail themselves, so the demo's
 * own run may find none left.
 */
export async function newcomersAreLetIn({ db }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    const [project] = await rows<{ id: string; owner: string }>(
      tx,
      sql`insert into projects (organization_id, name, project_status, created_by)
          select p.organization_id, 'Riverbank Gardens', 'active', p.user_id from volunteer_profiles p order by p.id limit 1
          returning id, created_by as owner`,
    );
    if (!project) throw new Error("The demo has no volunteers.");
    await tx.execute(
      sql`with granted as (
            insert into project_access_grants (project_id, user_id, permission)
            select distinct ${project.id}::bigint, p.user_id, 'view' from volunteer_profiles p
            where p.user_id <> ${project.owner} and p.user_id <= (select min(user_id) + ${NEWCOMERS} from volunteer_profiles)
            returning user_id)
          insert into domain_events (event_type, actor_id, project_id, payload)
          select 'project_access_granted', ${project.owner}::bigint, ${project.id}::bigint,
                 jsonb_build_object('affected_user_id', user_id::text, 'new_permission', 'view') from granted`,
    );
  });
  await untilSettled(db);
  return {};
}

/** A time zone where it is about noon, when the windows of all digests are open. */
export function zoneOfNoon(now: Date): string {
  const behind = now.getUTCHours() - 12;
  // Etc/GMT zones have inverted signs.
  return behind === 0 ? "Etc/UTC" : `Etc/GMT${behind > 0 ? "+" : "-"}${Math.abs(behind)}`;
}

/** Moves everyone with a waiting digest into a zone where it is noon, and backdates what waits. */
export async function noonComes({ db, now }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    const waiting = sql`channel = 'email' and decision = 'digested' and digest_id is null and status = 'pending'`;
    await tx.execute(
      sql`update users set time_zone = ${zoneOfNoon(now)} where id in (select user_id from deliveries where ${waiting})`,
    );
    await tx.execute(
      sql`update deliveries set decided_at = decided_at - ${WAITED}::interval where ${waiting}`,
    );
  });
  return {};
}

/** Deliveries that wait for a weekly digest are backdated by this much: the demo cannot wait until Monday. */
const WEEK = "8 days";

/**
 * Moves everyone with a waiting weekly digest into a zone where it is noon, and backdates what waits to
 * before Monday.
 */
export async function aWeekPasses({ db, now }: Scene): Promise<object> {
  await untilSettled(db);
  await inTransaction(db, async (tx) => {
    const waiting = sql`channel = 'email' and decision = 'digested' and cadence = 'weekly' and digest_id is null and status = 'pending'`;
    await tx.execute(
      sql`update users set time_zone = ${zoneOfNoon(now)} where id in (select user_id from deliveries where ${waiting})`,
    );
    await tx.execute(sql`update deliveries set decided_at = decided_at - ${WEEK}::interval where ${waiting}`);
  });
  return {};
}

/** The newest mailing, which has been sent by now. */
export async function aMailing({ db }: Scene): Promise<object> {
  await untilSettled(db);
  const [mailing] = await rows<{ id: string }>(
    db.drizzle,
    sql`select id from email_batches order by id desc limit 1`,
  );
  return { batchId: mailing?.id ?? "0" };
}

/** How many e-mails were written to files, and where. */
export async function mailText(db: Database, folder: string): Promise<string> {
  const files = await readdir(folder).catch(() => []);
  const digests = files.filter((name) => name.startsWith("digest-")).length;
  const weekly = await rows<{ id: string }>(
    db.drizzle,
    sql`select id from email_digests where kind = 'weekly' order by id`,
  );
  const names = weekly.map(({ id }) => `digest-${id}.eml`).join(", ");
  const german = await rows<{ file: string }>(
    db.drizzle,
    sql`select case when m.digest_id is null then 'delivery-' || m.delivery_id else 'digest-' || m.digest_id end || '.eml' as file
        from emails m join users u on u.id = m.user_id where u.language = 'de' and m.status in ('sent', 'delivered') order by m.id`,
  );
  return `\nE-mails, as files that any mail program opens\n\n  ${files.length - digests} single e-mails and ${digests} digests in ${folder}\n  recommendations of the week: ${names || "none"}\n  in German: ${german.map(({ file }) => file).join(", ") || "none"}\n`;
}
