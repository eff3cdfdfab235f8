import { storable } from "../../foreign-text.ts";
import { jsonLdScripts } from "./html-text.ts";
import { jsonFieldsOf, needsNothing, type PostingSource, UnreadableList } from "./posting-source.ts";

const MAX_DEPTH = 8;
/**
 * A script is parsed at once, and a larger one would block the event loop. Some thousand postings are
 * shorter.
 */
const MAX_SCRIPT = 5_000_000;

/** Any page with schema.org JobPosting in `<script type="application/ld+json">`, also in @graph or arrays. */
export const jsonld: PostingSource = {
  name: "jsonld",
  about: "Any page with schema.org JobPosting: careers pages of employers.",
  terms: { attribution: null, requestsPerDay: null, everyMinutes: 60 },
  isEmployer: true,
  isFull: true,
  board: { what: "the address of the page", pattern: /^https?:\/\/\S{1,500}$/ },
  requires: needsNothing,
  accept: "text/html",
  pageUrl: (board) => new URL(board),
  async parse({ text, url }) {
    const scripts = await jsonLdScripts(text);
    if (scripts.some(({ length }) => length > MAX_SCRIPT)) throw new UnreadableList("too-large");
    const items = scripts.flatMap((script) => postingsIn(script));
    // A page without any is as likely to be an error page as a company that hires nobody.
    if (items.length === 0) throw new UnreadableList("no-job-posting");
    return { items: withNames(items, url), hasNext: false };
  },
  draft(item, { url }) {
    const { job: posting, id, link } = jsonFieldsOf(item);
    const job = jsonFieldsOf(posting);
    const [organization] = [job["hiringOrganization"]].flat();
    return {
      // Identifiers are those of the employer: another one may use the same.
      id: `${url.host}:${id}`,
      title: job["title"],
      company: typeof organization === "string" ? organization : jsonFieldsOf(organization)["name"],
      location: locationOf(job),
      description: job["description"],
      link,
      postedAt: job["datePosted"],
      validThrough: job["validThrough"],
      salary: salaryOf(job["baseSalary"]),
      jobType: job["employmentType"],
      remoteType: job["jobLocationType"],
    };
  },
};

/** "JobPosting", or its full name: "https://schema.org/JobPosting". */
const isJobPosting = (type: unknown): boolean =>
  typeof type === "string" && /^(https?:\/\/schema\.org\/)?JobPosting$/.test(type);

/** The JobPostings of a script; none if it is invalid JSON, since the page may have other scripts. */
function postingsIn(script: string): unknown[] {
  const found: unknown[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (const each of value) visit(each, depth + 1);
      return;
    }
    const fields = jsonFieldsOf(value);
    if ([fields["@type"]].flat().some(isJobPosting)) found.push(value);
    else for (const key of ["@graph", "itemListElement", "item", "mainEntity"]) visit(fields[key], depth + 1);
  };
  try {
    visit(JSON.parse(script), 0);
  } catch {
    return [];
  }
  return found;
}

/** A posting with its id and link. */
type Named = { readonly job: unknown; readonly id: string; readonly link: string };

/**
 * Identifies the postings of a page by their own address and identifier. If several share one, they get links
 * to their titles on the page instead.
 */
function withNames(jobs: readonly unknown[], page: URL): Named[] {
  const stated = jobs.map((job) => ({ job, own: ownLink(job, page), identifier: identifierOf(job) }));
  const links = countOf(stated.map(({ own }) => own));
  const identifiers = countOf(stated.map(({ identifier }) => identifier));
  return stated.map(({ job, own, identifier }) => {
    const isOwn = own === null ? jobs.length === 1 : links.get(own) === 1;
    const address = own ?? page.href;
    const link = isOwn ? address : linkToText(address, jsonFieldsOf(job)["title"]);
    return { job, link, id: identifier !== null && identifiers.get(identifier) === 1 ? identifier : link };
  });
}

function countOf(names: readonly (string | null)[]): ReadonlyMap<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function ownLink(job: unknown, page: URL): string | null {
  const written = jsonFieldsOf(job)["url"];
  return typeof written === "string" && URL.canParse(written, page.href) ? new URL(written, page).href : null;
}

function identifierOf(job: unknown): string | null {
  const stated = jsonFieldsOf(job)["identifier"];
  const value = typeof stated === "object" ? jsonFieldsOf(stated)["value"] : stated;
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

const MAX_TEXT = 200;

/** A link to a text of a page, which browsers scroll to. Source: URL Fragment Text Directives, WICG. */
function linkToText(address: string, text: unknown): string {
  const url = new URL(address);
  const words = typeof text === "string" ? storable(text.slice(0, MAX_TEXT)) : "";
  url.hash = `:~:text=${encodeURIComponent(words).replaceAll("-", "%2D")}`;
  return url.href;
}

function locationOf(job: Readonly<Record<string, unknown>>): string {
  const places = [job["jobLocation"]].flat().map((place) => {
    const address = jsonFieldsOf(place)["address"];
    if (typeof address === "string") return address;
    const { addressLocality, addressRegion, addressCountry } = jsonFieldsOf(address);
    const country =
      typeof addressCountry === "object" ? jsonFieldsOf(addressCountry)["name"] : addressCountry;
    return [addressLocality, addressRegion, country].filter((part) => typeof part === "string").join(", ");
  });
  const named = places.filter((place) => place !== "");
  if (named.length > 0) return named.join("; ");
  const regions = [job["applicantLocationRequirements"]].flat().map((region) => jsonFieldsOf(region)["name"]);
  return regions.filter((name) => typeof name === "string").join("; ");
}

function salaryOf(baseSalary: unknown) {
  const salary = jsonFieldsOf(baseSalary);
  const value = jsonFieldsOf(salary["value"]);
  const single = value["value"] ?? (typeof salary["value"] === "object" ? null : salary["value"]);
  return {
    min: value["minValue"] ?? single,
    max: value["maxValue"] ?? single,
    currency: salary["currency"],
    period: value["unitText"],
  };
}
