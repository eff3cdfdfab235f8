import { defineConfig } from "drizzle-kit";

// Only `generate` and `check` are used: migrations are applied by `commonwork migrate`.
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/db/schema/*.ts",
  out: "./drizzle",
  casing: "snake_case",
});
