/** The link if it is an http(s) URL, else null: a link of a host or a source may be a script. */
export function webLink(link: string | null): string | null {
  if (link === null || !URL.canParse(link)) return null;
  const { protocol, href } = new URL(link);
  return protocol === "https:" || protocol === "http:" ? href : null;
}
