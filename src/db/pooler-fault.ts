/**
 * Where the database answers without the pooler, as far as the address of a hosted one shows it; null for
 * others.
 */
export function directAddress(databaseUrl: string): string | null {
  const { hostname, port } = new URL(databaseUrl);
  if (/\.pooler\.supabase\.com$/.test(hostname) && port === "6543") return `${hostname}:5432`;
  if (/-pooler\..*neon\.tech$/.test(hostname)) return hostname.replace("-pooler.", ".");
  return null;
}

/** What to change where a pooler in transaction mode is found. */
export function poolerFault(databaseUrl: string): string {
  const direct = directAddress(databaseUrl);
  return `DATABASE_URL leads to a pooler in transaction mode, which loses session settings, session locks and LISTEN. Use ${direct === null ? "the address of Postgres itself, or a pooler in session mode" : `${direct} instead`}.`;
}
