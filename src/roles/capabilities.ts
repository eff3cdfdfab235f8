import type { Config } from "../config/config.ts";

/** An optional part of the service. */
export type Capability = {
  readonly capability: string;
  /** How it works, or `off`. */
  readonly is: string;
  /** The variables that would turn it on. */
  readonly missing?: readonly string[];
};

type Part = { readonly capability: string; readonly on: boolean | string; readonly needs: readonly string[] };

/** The optional parts of this process: on or off, and which variables are missing. For the log at start. */
export function capabilitiesOf(config: Config): Capability[] {
  const ofApi = config.roles.includes("api") ? apiParts(config) : [];
  const ofWorker = config.roles.includes("worker") ? workerParts(config) : [];
  const tracing = {
    capability: "tracing",
    on: config.tracing !== null,
    needs: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
  };
  return [...ofApi, ...ofWorker, tracing].map(({ capability, on, needs }) =>
    on === false ? { capability, is: "off", missing: needs } : { capability, is: on === true ? "on" : on },
  );
}

const apiParts = ({ saleWebhook, eventsWebhook, email, auth, admin, googleCalendar }: Config): Part[] => [
  { capability: "sale webhook", on: saleWebhook.secrets.length > 0, needs: ["SCICENT_WEBHOOK_SECRET"] },
  {
    capability: "events webhook",
    on: eventsWebhook.secrets.length > 0,
    needs: ["DOMAIN_EVENTS_WEBHOOK_SECRET"],
  },
  { capability: "Resend webhook", on: email.webhookSecrets.length > 0, needs: ["RESEND_WEBHOOK_SECRET"] },
  {
    capability: "user API",
    on: auth.jwtSecret !== null || auth.jwksUrl !== null,
    needs: ["AUTH_JWT_SECRET or AUTH_JWKS_URL"],
  },
  {
    capability: "dashboard",
    on:
      admin.adminPassword !== null || admin.operators.length > 0
        ? true
        : admin.viewerPassword !== null && "read-only",
    needs: ["ADMIN_PASSWORD"],
  },
  { capability: "calendar webhook", on: googleCalendar !== null, needs: ["GOOGLE_CLIENT_ID"] },
];

const workerParts = ({
  email,
  googleCalendar,
  tokenSales,
  postingSources,
  embeddings,
  mediaStore,
}: Config): Part[] => [
  {
    capability: "e-mail",
    on:
      email.mailer === "file"
        ? "written into EMAIL_FOLDER, since RESEND_API_KEY and SMTP_URL are not set"
        : email.mailer,
    needs: [],
  },
  { capability: "calendars", on: googleCalendar !== null, needs: ["GOOGLE_CLIENT_ID"] },
  { capability: "reconciliation of sales", on: tokenSales !== null, needs: ["SCICENT_API_URL"] },
  {
    capability: "job postings",
    on: postingSources.lists.length > 0 && `${postingSources.lists.length} lists`,
    needs: ["POSTING_LISTS"],
  },
  { capability: "embeddings", on: embeddings !== null, needs: ["EMBEDDINGS_URL"] },
  {
    capability: "checks of media",
    on: mediaStore === null ? false : `in a ${mediaStore.kind === "s3" ? "bucket" : "folder"}`,
    needs: ["MEDIA_FOLDER or MEDIA_S3_BUCKET"],
  },
];
