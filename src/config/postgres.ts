import { defineArea } from "./area.ts";
import { optional, optionalMatching, textMatching, url, whole } from "./fields.ts";

/** Roles, channels and settings are named after the schema, so the name leaves them room below 63 bytes. */
const OWN_SCHEMA = /^(?!pg_|public$|information_schema$)[a-z_][a-z0-9_]{0,39}$/;
const RESULTS_SCHEMA = /^(?!pg_|public$|information_schema$)[a-z_][a-z0-9_]{0,59}$/;

export const postgres = defineArea({
  title: "Postgres",
  variables: {
    DATABASE_URL: url("postgres", "postgresql")
      .meta({ example: "postgres://commonwork:change-me@localhost:5432/commonwork" })
      .describe(
        "Postgres, as `postgres://user:password@host:5432/name`. If it is empty, it is built from the `DB_` variables below.",
      ),
    DB_HOST: optional.describe("Host name."),
    DB_PORT: whole(5432, 1, 65_535).describe("Port."),
    DB_NAME: optional.describe("Name of the database."),
    DB_USER: optional.describe("User name."),
    DB_PASSWORD: optional.describe("Password. It may contain any characters."),
    DB_SCHEMA: textMatching(
      "commonwork",
      OWN_SCHEMA,
      "a schema of its own, not public: 1 to 40 lower-case letters, digits and underscores, not beginning with a digit or pg_",
    ).describe(
      "Schema that holds all tables and functions of Commonwork. `migrate` creates it. Nothing else may be in it, so `public` is refused.",
    ),
    DB_RESULTS_SCHEMA: optionalMatching(
      RESULTS_SCHEMA,
      "a schema of its own, not public: 1 to 60 lower-case letters, digits and underscores, not beginning with a digit or pg_",
    ).describe(
      "Schema that holds the [views of results](reference/results.md). `migrate` creates it where it may, and moves the views if it is changed. If it is empty, its name is that of `DB_SCHEMA` followed by `_results`.",
    ),
    SUPABASE_URL: optional.describe(
      "Not used. If it is set, `start` logs that only `DATABASE_URL`, the connection string of the project's Postgres, counts.",
    ),
    SUPABASE_SERVICE_ROLE_KEY: optional.describe(
      "Not used, likewise: this service does not call the REST API.",
    ),
  },
  read: (v) => ({
    databaseUrl: v.DATABASE_URL ?? urlFromParts(v),
    databaseSchema: v.DB_SCHEMA,
    resultsSchema: v.DB_RESULTS_SCHEMA ?? `${v.DB_SCHEMA}_results`,
    supabase: v.SUPABASE_URL !== undefined || v.SUPABASE_SERVICE_ROLE_KEY !== undefined,
  }),
  faults: ({ DATABASE_URL, DB_HOST, DB_NAME, DB_USER, DB_SCHEMA, DB_RESULTS_SCHEMA }) => {
    if (DB_RESULTS_SCHEMA !== undefined && DB_RESULTS_SCHEMA === (DB_SCHEMA ?? "commonwork"))
      return ["DB_RESULTS_SCHEMA must not be DB_SCHEMA"];
    if (DATABASE_URL) return [];
    if (!DB_HOST && !DB_NAME && !DB_USER)
      return [
        "DATABASE_URL is not set (postgres://user:password@host:5432/name), nor DB_HOST, DB_NAME and DB_USER",
      ];
    return Object.entries({ DB_HOST, DB_NAME, DB_USER }).flatMap(([name, value]) =>
      value ? [] : [`${name} is not set, while other DB_ variables are`],
    );
  },
});

type Parts = {
  readonly DB_HOST: string | undefined;
  readonly DB_PORT: number;
  readonly DB_NAME: string | undefined;
  readonly DB_USER: string | undefined;
  readonly DB_PASSWORD: string | undefined;
};

function urlFromParts({ DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD }: Parts): string {
  const password = DB_PASSWORD ? `:${encodeURIComponent(DB_PASSWORD)}` : "";
  return `postgres://${encodeURIComponent(DB_USER ?? "")}${password}@${DB_HOST}:${DB_PORT}/${encodeURIComponent(DB_NAME ?? "")}`;
}
