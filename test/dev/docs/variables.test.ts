import { describe, expect, it } from "vitest";
import { type AnyArea, defineArea } from "../../../src/config/area.ts";
import { optional, url, whole } from "../../../src/config/fields.ts";
import { envExample, variableTables } from "../../../src/dev/docs/variables.ts";

const cache: AnyArea = defineArea({
  title: "Cache",
  variables: {
    CACHE_URL: url("http").meta({ example: "http://localhost:1" }).describe("Where it is."),
    CACHE_SIZE: whole(10, 1, 20).describe("Entries | bytes."),
    CACHE_NAME: optional.describe("Its name."),
  },
  read: () => ({}),
});

describe("the variables of an area", () => {
  it("become a table with defaults; pipes are escaped", () => {
    expect(variableTables([cache]).split("\n")).toEqual([
      "## Cache",
      "",
      "| Variable | Default | Meaning |",
      "| --- | --- | --- |",
      "| `CACHE_URL` | required | Where it is. |",
      "| `CACHE_SIZE` | `10` | Entries \\| bytes. |",
      "| `CACHE_NAME` | not set | Its name. |",
    ]);
  });

  it("become lines of .env.example: required ones set, others commented out", () => {
    expect(envExample([cache])).toMatch(
      /\n# --- Cache\nCACHE_URL=http:\/\/localhost:1\n# CACHE_SIZE=10\n# CACHE_NAME=\n$/,
    );
  });

  it("need a description", () => {
    const silent = defineArea({ title: "X", variables: { X: optional }, read: () => ({}) });
    expect(() => variableTables([silent])).toThrow("X needs a description");
  });
});
