import { defineArea } from "./area.ts";
import { entriesOf, optional, url, whole, withDefault } from "./fields.ts";
import { operatorLogins, password, secret } from "./secret-fields.ts";

const HOUR_MS = 3_600_000;

const origins = withDefault("", {
  rule: "a list of origins, such as https://community.example,http://localhost:3000",
  parse: (written): readonly string[] | undefined => {
    const all = entriesOf(written).map((entry) => entry.toLowerCase());
    const areOrigins = all.every(
      (entry) => /^https?:\/\//.test(entry) && URL.canParse(entry) && new URL(entry).origin === entry,
    );
    return areOrigins ? [...new Set(all)] : undefined;
  },
});

export const access = defineArea({
  title: "Access",
  variables: {
    AUTH_JWT_SECRET: secret(32).describe("Verifies tokens of the user API (HS256): at least 32 bytes."),
    AUTH_JWKS_URL: url("http", "https").describe(
      "Keys of an identity provider that verify tokens (RS256, PS256, ES256, EdDSA). Without either the user API answers 503. With it, `AUTH_JWT_ISSUER` and `AUTH_JWT_AUDIENCE` are required.",
    ),
    AUTH_JWT_ISSUER: optional.describe("The claim `iss` that tokens must have."),
    AUTH_JWT_AUDIENCE: optional.describe(
      "The claim `aud` that tokens must have, so that a token for another application is not accepted.",
    ),
    AUTH_JWT_MAX_HOURS: whole(24, 1, 8_760).describe(
      "Tokens that are valid for longer than this many hours from now are refused.",
    ),
    API_ALLOWED_ORIGINS: origins.describe(
      "Origins whose pages may call the user API from a browser, separated by commas. Empty: only pages of its own origin.",
    ),
    ADMIN_PASSWORD: password.describe(
      "Password of the login `admin`, which may make changes: at least 12 characters.",
    ),
    VIEWER_PASSWORD: password.describe(
      "Password of the login `viewer`, which is read-only. Without any login `/admin` is off.",
    ),
    OPERATOR_PASSWORDS: operatorLogins.describe(
      "Logins of people who may make changes, as `admin` may: `name:password`, separated by commas. The audit log then says who did something.",
    ),
    SESSION_SECRET: secret(32).describe(
      "Part of the key that signs sessions: at least 32 bytes. Changing it ends all sessions.",
    ),
    METRICS_TOKEN: secret(24).describe(
      "Bearer token that `/metrics` needs: at least 24 bytes. Without it `/metrics` is open, and the proxy must not expose it.",
    ),
  },
  read: (v) => ({
    metricsToken: v.METRICS_TOKEN ?? null,
    auth: {
      jwtSecret: v.AUTH_JWT_SECRET ?? null,
      jwksUrl: v.AUTH_JWKS_URL ?? null,
      issuer: v.AUTH_JWT_ISSUER ?? null,
      audience: v.AUTH_JWT_AUDIENCE ?? null,
      /** How far ahead a token may expire. */
      maxLifetimeMs: v.AUTH_JWT_MAX_HOURS * HOUR_MS,
    },
    allowedOrigins: v.API_ALLOWED_ORIGINS,
    admin: {
      adminPassword: v.ADMIN_PASSWORD ?? null,
      viewerPassword: v.VIEWER_PASSWORD ?? null,
      operators: v.OPERATOR_PASSWORDS,
      sessionSecret: v.SESSION_SECRET ?? null,
    },
  }),
  faults: ({ AUTH_JWKS_URL, AUTH_JWT_ISSUER, AUTH_JWT_AUDIENCE }) =>
    AUTH_JWKS_URL === undefined
      ? []
      : Object.entries({ AUTH_JWT_ISSUER, AUTH_JWT_AUDIENCE }).flatMap(([name, value]) =>
          value
            ? []
            : [`${name} is not set, while AUTH_JWKS_URL is: tokens for other applications would be accepted`],
        ),
});
