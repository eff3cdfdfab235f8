import { createHmac } from "node:crypto";
import { sql } from "drizzle-orm";
import { SignJWT } from "jose";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";

/** The data for the commands of the demo. */
export type TrySetting = {
  readonly db: Database;
  readonly address: string;
  /** Prefix of transaction ids and event ids. */
  readonly name: string;
  readonly saleSecret: string;
  readonly eventsSecret: string;
  readonly jwtSecret: string;
};

/** A command to paste into a terminal, and what it shows. */
export type TryCommand = { readonly title: string; readonly command: string };

const TOKEN_SECONDS = 8 * 3_600;

/**
 * Ready curl commands for a signed sale, a signed event and the user API, about people and projects of this
 * demo. Their signatures are computed, so they can be pasted as they are. And the variables that the
 * commands of docs/webhooks.md and docs/api.md use.
 */
export async function tryCommands(
  setting: TrySetting,
): Promise<{ readonly commands: readonly TryCommand[]; readonly variables: string }> {
  const { buyer, document, referrer, seeker, posting, found } = await subjects(setting.db);
  const sale = `{"user_id":${buyer},"amount":100.50,"transaction_id":"${setting.name}-try","currency":"SCICENT"}`;
  const event = JSON.stringify({
    events: [
      {
        id: `${setting.name}-try`,
        event_type: "document_uploaded",
        actor_id: Number(document.actorId),
        project_id: Number(document.projectId),
        resource_id: Number(document.resourceId),
      },
    ],
  });
  const token = await userToken(referrer, setting.jwtSecret);
  const seekerToken = await userToken(seeker, setting.jwtSecret);
  const asSeeker = (path: string) =>
    `curl -s -H 'Authorization: Bearer ${seekerToken}' '${setting.address}/api/v1${path}'`;
  const commands = [
    {
      title: "a signed sale; the same again answers duplicate",
      command: signedCurl(
        `${setting.address}/volunteer_scheduler/webhooks/scicent_sale`,
        `X-Scicent-Signature: sha256=${sign(sale, setting.saleSecret)}`,
        sale,
      ),
    },
    {
      title: "a signed event: a document was uploaded, and three people are notified",
      command: signedCurl(
        `${setting.address}/webhooks/domain_events`,
        `X-Commonwork-Signature: sha256=${sign(event, setting.eventsSecret)}`,
        event,
      ),
    },
    {
      title: "the user API: what the buyer's referrer has earned, with a token for 8 hours",
      command: `curl -s -H 'Authorization: Bearer ${token}' '${setting.address}/api/v1/ledger/me?limit=3'`,
    },
    {
      title: "the job postings that are recommended to a user with a CV, best first",
      command: asSeeker("/jobs/recommendations?page=1&page_size=5"),
    },
    { title: "why the first of them is recommended", command: asSeeker(`/jobs/${posting}/explanation`) },
    {
      title: "all open postings that are remote, latest first",
      command: asSeeker("/jobs?remote=true&page_size=5"),
    },
    {
      title: "people by name, in any spelling",
      command: asSeeker(`/search/profiles?q=${encodeURIComponent(found)}&page_size=5`),
    },
  ];
  const variables = `export SCICENT_WEBHOOK_SECRET=${setting.saleSecret} DOMAIN_EVENTS_WEBHOOK_SECRET=${setting.eventsSecret} TOKEN=${token}`;
  return { commands, variables };
}

type Subjects = {
  /** A volunteer with a referrer who has not bought anything. */
  readonly buyer: string;
  /** The user who referred the buyer. */
  readonly referrer: string;
  readonly document: { readonly actorId: string; readonly projectId: string; readonly resourceId: string };
  /** A user with recommendations, and the public id of the best posting for them. */
  readonly seeker: string;
  readonly posting: string;
  /** The name of a user whom others find. */
  readonly found: string;
};

async function subjects(db: Database): Promise<Subjects> {
  const [sale] = await rows<{ buyer: string; referrer: string }>(
    db.drizzle,
    sql`select p.user_id as buyer, r.user_id as referrer
        from volunteer_profiles p join volunteer_profiles r on r.id = p.referrer_id
        where not exists (select 1 from token_sales s where s.buyer_user_id = p.user_id)
        order by p.id limit 1`,
  );
  const [document] = await rows<Subjects["document"]>(
    db.drizzle,
    sql`select e.actor_id as "actorId", e.project_id as "projectId", e.resource_id as "resourceId"
        from domain_events e where e.event_type = 'document_uploaded' order by e.id limit 1`,
  );
  const [recommended] = await rows<{ seeker: string; posting: string }>(
    db.drizzle,
    sql`select r.user_id as seeker, j.public_id as posting from job_recommendations r join jobs j on j.id = r.job_id
        order by r.match_score desc, r.user_id, r.job_id limit 1`,
  );
  const [person] = await rows<{ found: string }>(
    db.drizzle,
    sql`select u.name as found from searchable_users s join users u on u.id = s.user_id
        where s.searchable order by s.user_id limit 1`,
  );
  if (!sale || !document || !recommended || !person)
    throw new Error("The demo has no sale, document, recommendation or profile to show commands for.");
  return { ...sale, document, ...recommended, ...person };
}

const sign = (body: string, secret: string): string =>
  createHmac("sha256", secret).update(body).digest("hex");

const signedCurl = (url: string, signature: string, body: string): string =>
  `curl -s ${url} -H 'Content-Type: application/json' -H '${signature}' --data-binary '${body}'`;

/** A token of the user API for a user, valid for 8 hours from now. */
export function userToken(userId: string, secret: string): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(new TextEncoder().encode(secret));
}
