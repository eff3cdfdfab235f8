import { sql } from "drizzle-orm";

/** An address as it is kept where it need not be readable: SHA-256 of it in lower case. */
export const hashOfAddress = (address: ReturnType<typeof sql>) =>
  sql`sha256(convert_to(lower(btrim(${address})), 'UTF8'))`;
