import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { capabilitiesOf } from "../../src/roles/capabilities.ts";

const servers = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };
const capabilities = (environment: Record<string, string> = {}) =>
  Object.fromEntries(
    capabilitiesOf(readConfig({ ...servers, ...environment })).map(({ capability, is, missing }) => [
      capability,
      [is, ...(missing ?? [])].join(" "),
    ]),
  );

describe("the capabilities that a process logs at its start", () => {
  it("name the variable that is missing", () => {
    expect(capabilities()).toEqual({
      "sale webhook": "off SCICENT_WEBHOOK_SECRET",
      "events webhook": "off DOMAIN_EVENTS_WEBHOOK_SECRET",
      "Resend webhook": "off RESEND_WEBHOOK_SECRET",
      "user API": "off AUTH_JWT_SECRET or AUTH_JWKS_URL",
      dashboard: "off ADMIN_PASSWORD",
      "calendar webhook": "off GOOGLE_CLIENT_ID",
      "e-mail": "written into EMAIL_FOLDER, since RESEND_API_KEY and SMTP_URL are not set",
      calendars: "off GOOGLE_CLIENT_ID",
      "reconciliation of sales": "off SCICENT_API_URL",
      "job postings": "off POSTING_LISTS",
      embeddings: "off EMBEDDINGS_URL",
      "checks of media": "off MEDIA_FOLDER or MEDIA_S3_BUCKET",
      tracing: "off OTEL_EXPORTER_OTLP_ENDPOINT",
    });
  });

  it("are on once their variables are set", () => {
    expect(
      capabilities({
        SCICENT_WEBHOOK_SECRET: "s".repeat(32),
        AUTH_JWT_SECRET: "j".repeat(32),
        VIEWER_PASSWORD: "a password to view",
        SMTP_URL: "smtp://mail:25",
        EMAIL_FROM: "a@b.test",
        PUBLIC_URL: "https://app.test",
        POSTING_LISTS: "remotive,greenhouse:acme",
        FETCH_CONTACT: "ops@b.test",
        MEDIA_S3_BUCKET: "clips",
      }),
    ).toMatchObject({
      "sale webhook": "on",
      "user API": "on",
      dashboard: "read-only",
      "e-mail": "smtp",
      "job postings": "2 lists",
      "checks of media": "in a bucket",
    });
  });

  it("are those of the roles of the process", () => {
    expect(Object.keys(capabilities({ ROLES: "worker" }))).toEqual([
      "e-mail",
      "calendars",
      "reconciliation of sales",
      "job postings",
      "embeddings",
      "checks of media",
      "tracing",
    ]);
    expect(
      capabilities({ ROLES: "scheduler", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }),
    ).toEqual({
      tracing: "on",
    });
  });
});
