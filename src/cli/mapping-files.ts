import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eachMapping, type Mapping, parseMapping } from "../connect/mapping.ts";
import { CliError } from "./terminal.ts";

const FILE = /^([a-z_0-9]+)\.sql$/;
const ANY_SQL = /\.sql$/i;

/**
 * Reads the mapping files of a folder, `<our table>.sql`, in the order of their names.
 *
 * @throws CliError when there are none, or one has another name; MappingFault for one that cannot be read.
 */
export async function readMappings(folder: string): Promise<Mapping[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => ANY_SQL.test(name)).sort();
  if (names.length === 0) throw new CliError(`There are no mapping files in ${folder}.`);
  const misnamed = names.filter((name) => !FILE.test(name));
  if (misnamed.length > 0)
    throw new CliError(
      `${misnamed.join(", ")}: a mapping file has the name of a table of Commonwork in lower case, such as users.sql.`,
    );
  return eachMapping(names, async (name) =>
    parseMapping(name.replace(ANY_SQL, ""), await readFile(join(folder, name), "utf8")),
  );
}
