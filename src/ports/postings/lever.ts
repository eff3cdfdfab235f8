import {
  companyOfBoard,
  JSON_TYPE,
  jsonFieldsOf,
  needsNothing,
  onlyPage,
  type PostingSource,
} from "./posting-source.ts";

/** A bare array. The description is in three parts, and `createdAt` in milliseconds. */
export const lever: PostingSource = {
  name: "lever",
  about: "Boards of employers on Lever.",
  terms: { attribution: null, requestsPerDay: null, everyMinutes: 60 },
  isEmployer: true,
  isFull: true,
  board: { what: "the site: acme, or eu/acme in Europe", pattern: /^(eu\/)?[\w.-]{1,100}$/ },
  requires: needsNothing,
  accept: JSON_TYPE,
  pageUrl(board, _number, { baseUrl }) {
    const [region, site] = board.startsWith("eu/") ? ["eu.", board.slice(3)] : ["", board];
    return new URL(`${baseUrl ?? `https://api.${region}lever.co`}/v0/postings/${site}?mode=json`);
  },
  parse: onlyPage(null),
  draft(item, { board }) {
    const job = jsonFieldsOf(item);
    const categories = jsonFieldsOf(job["categories"]);
    const range = jsonFieldsOf(job["salaryRange"]);
    return {
      id: job["id"],
      title: job["text"],
      company: companyOfBoard(board),
      location: locations(categories),
      description: [job["description"], ...sections(job["lists"]), job["additional"]]
        .filter((part) => typeof part === "string")
        .join("\n"),
      link: job["hostedUrl"],
      postedAt: job["createdAt"],
      salary: {
        min: range["min"],
        max: range["max"],
        currency: range["currency"],
        period: range["interval"],
      },
      jobType: categories["commitment"],
      remoteType: job["workplaceType"],
    };
  },
};

/** The main location and the others. */
function locations({ location, allLocations }: Readonly<Record<string, unknown>>): string {
  const all = [location, ...(Array.isArray(allLocations) ? allLocations : [])];
  return [...new Set(all.filter((each) => typeof each === "string"))].join("; ");
}

const sections = (lists: unknown): string[] =>
  (Array.isArray(lists) ? lists : [])
    .map(jsonFieldsOf)
    .map(({ text, content }) => [text, content].filter((part) => typeof part === "string").join("\n"));
