import { defineArea } from "./area.ts";
import { optional, url } from "./fields.ts";

export const access = defineArea({
  title: "Access",
  variables: {
    AUTH_JWT_SECRET: optional.describe("Verifies tokens of the user API (HS256)."),
    AUTH_JWKS_URL: url("http", "https").describe(
      "Keys of an identity provider that verify tokens (RS256, PS256, ES256, EdDSA). Without either the user API answers 503.",
    ),
    ADMIN_PASSWORD: optional.describe("Password of the login `admin`, which may make changes."),
    VIEWER_PASSWORD: optional.describe(
      "Password of the login `viewer`, which is read-only. Without either `/admin` is off.",
    ),
    SESSION_SECRET: optional.describe("Part of the key that signs sessions. Changing it ends all sessions."),
  },
  read: (v) => ({
    auth: { jwtSecret: v.AUTH_JWT_SECRET ?? null, jwksUrl: v.AUTH_JWKS_URL ?? null },
    admin: {
      adminPassword: v.ADMIN_PASSWORD ?? null,
      viewerPassword: v.VIEWER_PASSWORD ?? null,
      sessionSecret: v.SESSION_SECRET ?? null,
    },
  }),
});
