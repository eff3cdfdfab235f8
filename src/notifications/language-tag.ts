import { type SQL, sql } from "drizzle-orm";
import { TAG_LENGTH } from "../languages/choose-language.ts";

/** SQL: the part of a column with a language tag that is read. A host may store anything in it. */
export const tagIn = (column: string): SQL => sql.raw(`left(${column}, ${TAG_LENGTH})`);
