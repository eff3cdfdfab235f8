/** Tracking parameters, which are removed whatever their value. */
const TRACKING =
  /^(utm_.*|gh_src|gh_jid_src|lever-(source|origin|via).*|referrer|fbclid|gclid|dclid|msclkid|mc_[ce]id|_hs.*|igshid|yclid)$/i;
/**
 * Parameters that are tracking parameters if their value is a name. With a number, they may identify the
 * posting.
 */
const NAMING = /^(ref|refid|source|src|trk|tracking(id)?)$/i;
/**
 * The fragments of single-page sites ("#/jobs/17", "#!jobs", "#job-17") and those that lead to a text of the
 * page ("#:~:text=Baker") identify the posting, "#apply" does not.
 */
const NAMES_POSTING = /^#(?:!|\/|:~:text=|.*\d)/;

const MAX_LINK = 2_000;
/** A link may grow by this much in another spelling: "www." and a slash. */
const SPELLING = 5;

/**
 * The address of a posting without the parts that do not identify it: tracking parameters, and a fragment
 * that names a section of the page. Otherwise it is as its source wrote it.
 *
 * @returns null if the text is not an http(s) address, has credentials, or is too long to be stored.
 */
export function postingLink(written: string): string | null {
  if (written.length > MAX_LINK || !URL.canParse(written)) return null;
  const url = new URL(written);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.username !== "" || url.password !== "") return null;
  for (const [name, value] of [...url.searchParams])
    if (TRACKING.test(name) || (NAMING.test(name) && !/\d/.test(value))) url.searchParams.delete(name);
  url.searchParams.sort();
  if (!NAMES_POSTING.test(url.hash)) url.hash = "";
  url.pathname = url.pathname.replace(/\/+$/, "/");
  return url.href.length > MAX_LINK - SPELLING ? null : url.href;
}

/**
 * The key that the links of copies share: a link of `postingLink` without "www." and the slash at the end of
 * its path. Not every host answers at this address, so it is compared and never shown.
 */
export function linkKey(link: string): string {
  const url = new URL(link);
  url.hostname = url.hostname.replace(/^www\.(?=.+\.)/, "");
  url.pathname = url.pathname.replace(/(?<=.)\/+$/, "");
  return url.href;
}

/** All links of `postingLink` that have the same key as this one. */
export function linkSpellings(link: string): string[] {
  const key = linkKey(link);
  const hosts = [key, withWww(key)];
  return [...new Set([...hosts, ...hosts.map(withSlash)])];
}

/** Names without a dot have no "www." in front of them, and addresses cannot. */
function withWww(link: string): string {
  const url = new URL(link);
  if (url.hostname.includes(".")) url.hostname = `www.${url.hostname}`;
  return url.href;
}

function withSlash(link: string): string {
  const url = new URL(link);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
