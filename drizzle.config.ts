import { defineConfig } from "drizzle-kit";

// Only `generate` and `check` are used; `commonwork migrate` applies the migrations.
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/db/schema/*.ts",
  out: "./drizzle",
  casing: "snake_case",
});
