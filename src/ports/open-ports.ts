import type { Cluster, Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { GoogleCalendarConfig } from "../config/calendar.ts";
import type { Config } from "../config/config.ts";
import type { Queryable } from "../db/statement.ts";
import { createSeals } from "../sealed-text.ts";
import type { CalendarPort } from "./calendar.ts";
import { embeddingsPort } from "./embeddings.ts";
import { googleCalendarPort } from "./google-calendar.ts";
import { fileMailer } from "./mailers/file.ts";
import { createMailLimiter } from "./mailers/mail-limiter.ts";
import type { Mailer } from "./mailers/mailer.ts";
import { resendMailer } from "./mailers/resend.ts";
import { smtpMailer } from "./mailers/smtp.ts";
import { openMediaStore } from "./media-store/open-media-store.ts";
import { createPoliteFetch } from "./polite-fetch/polite-fetch.ts";
import type { Ports } from "./ports.ts";
import { type PostingsPort, postingsPort } from "./postings/postings-port.ts";
import { fetchRecords } from "./requests/fetch-records.ts";
import { createRateLimiter } from "./requests/rate-limiter.ts";
import { scicentPort } from "./scicent.ts";

/** Requests per second to Resend until a response announces the rate. The lowest it has ever granted. */
const RESEND_PER_SECOND = 2;

type PortsConfig = Pick<
  Config,
  | "tokenSales"
  | "email"
  | "redisPrefix"
  | "googleCalendar"
  | "postingSources"
  | "fetching"
  | "embeddings"
  | "mediaStore"
>;

/** The resources that ports share with the rest of the process. */
export type PortsOn = {
  /** Null: each process limits its rates by itself. */
  readonly redis: Redis | Cluster | null;
  readonly clock: Clock;
  /** Where requests to hosts with daily limits are counted. */
  readonly db: Queryable;
};

/** Opens the configured ports. */
export function openPorts(config: PortsConfig, { redis, clock, db }: PortsOn): Ports {
  return {
    tokenSales: config.tokenSales ? scicentPort(config.tokenSales) : null,
    mailer: openMailer(config, redis),
    calendar: config.googleCalendar ? openCalendar(config.googleCalendar, clock) : null,
    postings: config.postingSources.lists.length > 0 ? openPostings(config, { redis, clock, db }) : null,
    embeddings: config.embeddings
      ? embeddingsPort({ config: config.embeddings, records: fetchRecords(db), clock })
      : null,
    mediaStore: config.mediaStore ? openMediaStore(config.mediaStore) : null,
  };
}

function openMailer(
  { email, redisPrefix }: Pick<Config, "email" | "redisPrefix">,
  redis: Redis | Cluster | null,
): Mailer {
  const { transport } = email;
  if (transport.kind === "file") return fileMailer(transport);
  const limiterOf = (provider: string, perSecond: number) =>
    createMailLimiter(
      createRateLimiter({ redis, keyPrefix: `${redisPrefix}:outbound`, perSecond }),
      provider,
    );
  if (transport.kind === "smtp") {
    const { server } = transport;
    return smtpMailer({ server, limiter: limiterOf("smtp", server.perSecond) });
  }
  return resendMailer({ ...transport, limiter: limiterOf("resend", RESEND_PER_SECOND) });
}

function openCalendar({ encryptionKeys, ...google }: GoogleCalendarConfig, clock: Clock): CalendarPort {
  return googleCalendarPort({ ...google, clock, seals: createSeals(encryptionKeys) });
}

function openPostings(config: PortsConfig, { redis, clock, db }: PortsOn): PostingsPort {
  const { contact, perSecond, allowLoopback } = config.fetching;
  const limiter = createRateLimiter({ redis, keyPrefix: `${config.redisPrefix}:fetch`, perSecond });
  const records = fetchRecords(db);
  const fetch = createPoliteFetch({ contact: contact ?? "", limiter, records, clock, allowLoopback });
  return postingsPort(config.postingSources, fetch, clock);
}
