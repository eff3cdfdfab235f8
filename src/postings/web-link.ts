/** A link if it leads to a web page, else null: what a host or a source wrote may be a script. */
export function webLink(link: string | null): string | null {
  if (link === null || !URL.canParse(link)) return null;
  const { protocol, href } = new URL(link);
  return protocol === "https:" || protocol === "http:" ? href : null;
}
