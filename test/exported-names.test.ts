import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./support/pages.ts";

/**
 * Names that two files export: what hosts see of ours is named as we name it. Tables are named as in
 * Postgres, whatever else has that name, and what is generated stands as text in its generator.
 */
const PUBLIC = ["Queryable", "emit", "enqueue"];
const isNamedElsewhere = (file: string): boolean =>
  file.startsWith("db/schema/") || file.endsWith(".generated.ts");

const DECLARATION =
  /^export (?:async )?(?:const|let|function\*?|class|type|interface|enum) ([A-Za-z_$][\w$]*)/gm;

/** The files that export each name. */
function exportedNames(): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const file of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || isNamedElsewhere(file)) continue;
    const names = readFileSync(join(root, "src", file), "utf8").matchAll(DECLARATION);
    for (const name of new Set([...names].map(([, name = ""]) => name)))
      files.set(name, [...(files.get(name) ?? []), file]);
  }
  return files;
}

it("no two files of src export the same name, so that it means one thing", () => {
  const names = exportedNames();
  const twice = [...names].filter(([, files]) => files.length > 1).map(([name]) => name);
  expect(twice.sort()).toEqual(PUBLIC);
  expect(names.size).toBeGreaterThan(1_000);
});
