import {
  BOARD_NAME,
  companyOfBoard,
  JSON_TYPE,
  jsonFieldsOf,
  needsNothing,
  onlyPage,
  type PostingSource,
} from "./posting-source.ts";

/** `{ apiVersion, jobs: [...] }` in one response. Jobs that are not listed are left out. */
export const ashby: PostingSource = {
  name: "ashby",
  about: "Boards of employers on Ashby.",
  terms: { attribution: null, requestsPerDay: null, everyMinutes: 60 },
  isEmployer: true,
  isFull: true,
  board: { what: "the name of the board", pattern: BOARD_NAME },
  requires: needsNothing,
  accept: JSON_TYPE,
  pageUrl: (board, _number, { baseUrl }) =>
    new URL(
      `${baseUrl ?? "https://api.ashbyhq.com"}/posting-api/job-board/${board}?includeCompensation=true`,
    ),
  parse: onlyPage("jobs", (item) => jsonFieldsOf(item)["isListed"] !== false),
  draft(item, { board }) {
    const job = jsonFieldsOf(item);
    return {
      id: job["id"],
      title: job["title"],
      company: companyOfBoard(board),
      location: locations(job),
      description: job["descriptionHtml"] ?? job["descriptionPlain"],
      link: job["jobUrl"],
      postedAt: job["publishedAt"],
      salary: { raw: jsonFieldsOf(job["compensation"])["compensationTierSummary"] },
      jobType: splitWords(job["employmentType"]),
      remoteType: splitWords(job["workplaceType"]) ?? job["isRemote"],
    };
  },
};

/** The first location and the others. */
function locations(job: Readonly<Record<string, unknown>>): string {
  const others = job["secondaryLocations"];
  const named = (Array.isArray(others) ? others : []).map((each) => jsonFieldsOf(each)["location"]);
  return [job["location"], ...named].filter((each) => typeof each === "string").join("; ");
}

/** "FullTime" is "Full Time". */
const splitWords = (value: unknown): unknown =>
  typeof value === "string" ? value.replace(/(?<=[a-z])(?=[A-Z])/g, " ") : value;
