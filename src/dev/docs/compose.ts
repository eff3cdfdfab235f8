import { access } from "../../config/access.ts";
import type { AnyArea } from "../../config/area.ts";
import { calendar } from "../../config/calendar.ts";
import { connect } from "../../config/connect.ts";
import { email } from "../../config/email.ts";
import { embeddings } from "../../config/embeddings.ts";
import { history } from "../../config/history.ts";
import { matching } from "../../config/matching.ts";
import { media } from "../../config/media.ts";
import { notifications } from "../../config/notifications.ts";
import { nudges } from "../../config/nudges.ts";
import { pairs } from "../../config/pairs.ts";
import { postgres } from "../../config/postgres.ts";
import { postings } from "../../config/postings.ts";
import { processArea } from "../../config/process.ts";
import { redis } from "../../config/redis.ts";
import { rewards } from "../../config/rewards.ts";
import { sales } from "../../config/sales.ts";
import { search } from "../../config/search.ts";
import { tracing } from "../../config/tracing.ts";

/** The lists of variables in docker-compose.yml: of every process, of every worker, or of one service. */
type List = "app" | "jobs" | "api" | "worker" | "worker-commissions";

type Rule = { readonly lists: readonly List[]; readonly except?: Readonly<Record<string, readonly List[]>> };

/**
 * Which services get the variables of an area: only those that read them, so that no service has a secret
 * that it does not need. Variables for tests, and those of servers that the file does not start, are in no
 * list.
 */
const RULES: ReadonlyMap<AnyArea, Rule> = new Map<AnyArea, Rule>([
  [postgres, { lists: [] }],
  [
    redis,
    {
      lists: ["app"],
      except: {
        REDIS_SENTINELS: [],
        REDIS_SENTINEL_USERNAME: [],
        REDIS_SENTINEL_PASSWORD: [],
        REDIS_CLUSTER_NODES: [],
      },
    },
  ],
  [processArea, { lists: ["app"], except: { NODE_ENV: [] } }],
  [
    sales,
    {
      lists: ["api"],
      except: { SCICENT_API_URL: ["worker-commissions"], SCICENT_API_KEY: ["worker-commissions"] },
    },
  ],
  [rewards, { lists: ["jobs"] }],
  [
    notifications,
    { lists: ["worker"], except: { DOMAIN_EVENTS_WEBHOOK_SECRET: ["api"], USER_TIME_ZONE: ["app"] } },
  ],
  [email, { lists: ["worker"], except: { PUBLIC_URL: ["app"], RESEND_WEBHOOK_SECRET: ["api"] } }],
  [nudges, { lists: ["worker"] }],
  [
    calendar,
    { lists: ["api", "worker"], except: { GOOGLE_API_URL: ["worker"], GOOGLE_TOKEN_URL: ["worker"] } },
  ],
  [matching, { lists: ["worker"], except: { SYSTEM_USER_ID: ["app"] } }],
  [pairs, { lists: ["worker"] }],
  [postings, { lists: ["worker"], except: { POSTING_BASE_URLS: [], FETCH_ALLOW_LOOPBACK: [] } }],
  [embeddings, { lists: ["worker"] }],
  [connect, { lists: ["worker"] }],
  [media, { lists: ["worker"] }],
  [search, { lists: ["api", "worker"] }],
  [history, { lists: ["jobs"] }],
  [access, { lists: ["api"], except: { METRICS_TOKEN: ["app"] } }],
  [tracing, { lists: ["app"] }],
]);

/** A generated list: its indentation and its name. */
const PART = /^( +)# generated: ([a-z-]+);.*\n[\s\S]*?^ +# end of generated\n/gm;

/**
 * The text of docker-compose.yml with its lists of variables. A variable that is written by hand, with a
 * value, is in no list.
 * @throws Error for an area without a rule.
 */
export function composeText(compose: string, areas: readonly AnyArea[]): string {
  const byHand = compose.replace(PART, "");
  const listed = areas.flatMap(placed).filter(({ name }) => !new RegExp(`^ +${name}:`, "m").test(byHand));
  return compose.replace(PART, (_part, indent: string, list: string) =>
    [
      `# generated: ${list}; change it with npm run docs:generate`,
      ...listed.filter(({ lists }) => lists.includes(list as List)).map(({ name }) => `${name}:`),
      "# end of generated",
    ]
      .map((line) => `${indent}${line}\n`)
      .join(""),
  );
}

function placed(area: AnyArea): { readonly name: string; readonly lists: readonly List[] }[] {
  const rule = RULES.get(area);
  if (rule === undefined)
    throw new Error(`The area "${area.title}" needs a rule in src/dev/docs/compose.ts.`);
  return Object.keys(area.variables).map((name) => ({ name, lists: rule.except?.[name] ?? rule.lists }));
}
