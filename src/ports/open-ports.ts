import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { GoogleCalendarConfig } from "../config/calendar.ts";
import type { Config } from "../config/config.ts";
import { createSeals } from "../sealed-text.ts";
import type { CalendarPort } from "./calendar.ts";
import { googleCalendarPort } from "./google-calendar.ts";
import { createPace } from "./mail-pace.ts";
import type { Mailer } from "./mailer.ts";
import { fileMailer } from "./mailer-file.ts";
import { resendMailer } from "./mailer-resend.ts";
import { smtpMailer } from "./mailer-smtp.ts";
import type { Ports } from "./ports.ts";
import { scicentPort } from "./scicent.ts";

/** Until Resend has told its own rate: the lowest that it ever gave. */
const CAREFUL_PER_SECOND = 2;

/** Opens the ports that are configured. Without Redis each process keeps the pace of e-mail for itself. */
export function openPorts(
  config: Pick<Config, "tokenSales" | "email" | "redisPrefix" | "googleCalendar">,
  redis: Redis | null,
  clock: Clock,
): Ports {
  return {
    tokenSales: config.tokenSales ? scicentPort(config.tokenSales) : null,
    mailer: openMailer(config, redis),
    calendar: config.googleCalendar ? openCalendar(config.googleCalendar, clock) : null,
  };
}

function openMailer(
  { email, redisPrefix }: Pick<Config, "email" | "redisPrefix">,
  redis: Redis | null,
): Mailer {
  const { transport } = email;
  if (transport.kind === "smtp") return smtpMailer(transport);
  if (transport.kind === "file") return fileMailer(transport);
  const pace = createPace({ redis, keyPrefix: `${redisPrefix}:mail`, perSecond: CAREFUL_PER_SECOND });
  return resendMailer({ ...transport, pace });
}

function openCalendar({ encryptionKeys, ...google }: GoogleCalendarConfig, clock: Clock): CalendarPort {
  return googleCalendarPort({ ...google, clock, seals: createSeals(encryptionKeys) });
}
