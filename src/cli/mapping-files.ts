import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Mapping, parseMapping } from "../connect/mapping.ts";
import { CliError } from "./terminal.ts";

const FILE = /^([a-z_]+)\.sql$/;

/**
 * Reads the mapping files of a folder, `<our table>.sql`, in the order of their names.
 *
 * @throws CliError when there are none; MappingFault for one that cannot be read.
 */
export async function readMappings(folder: string): Promise<Mapping[]> {
  const names = await readdir(folder).catch(() => []);
  const tables = names.flatMap((name) => FILE.exec(name)?.[1] ?? []).sort();
  if (tables.length === 0) throw new CliError(`There are no mapping files in ${folder}.`);
  const mappings: Mapping[] = [];
  for (const table of tables)
    mappings.push(parseMapping(table, await readFile(join(folder, `${table}.sql`), "utf8")));
  return mappings;
}
