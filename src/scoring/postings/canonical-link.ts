const TRACKING =
  /^(utm_.*|gh_src|gh_jid_src|lever-(source|origin|via).*|ref|refid|referrer|source|src|fbclid|gclid|dclid|msclkid|mc_[ce]id|trk|tracking(id)?|_hs.*|igshid|yclid)$/i;

const MAX_LINK = 2_000;

/**
 * The address of a posting without what differs between copies of a link: tracking parameters, fragment,
 * trailing slashes, order of the parameters, `www.`.
 *
 * @returns null for what is no http(s) address, carries credentials, or is too long to be stored.
 */
export function canonicalLink(link: string): string | null {
  if (link.length > MAX_LINK || !URL.canParse(link)) return null;
  const url = new URL(link);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.username !== "" || url.password !== "") return null;
  for (const name of [...url.searchParams.keys()]) if (TRACKING.test(name)) url.searchParams.delete(name);
  url.searchParams.sort();
  url.hash = "";
  url.hostname = url.hostname.replace(/^www\.(?=.+\.)/, "");
  url.pathname = url.pathname.replace(/(?<=.)\/+$/, "");
  return url.href.length > MAX_LINK ? null : url.href;
}
