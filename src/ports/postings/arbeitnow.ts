import { JSON_TYPE, jsonFieldsOf, needsNothing, type PostingSource, readList } from "./posting-source.ts";

/** `{ data: [{ slug, company_name, title, ..., created_at (seconds) }], links: { next } }`, newest first. */
export const arbeitnow: PostingSource = {
  name: "arbeitnow",
  about: "Jobs in Germany and remote ones, from the boards of their employers.",
  terms: { attribution: "Arbeitnow", requestsPerDay: 100, everyMinutes: 60 },
  isEmployer: false,
  isFull: false,
  board: null,
  requires: needsNothing,
  accept: JSON_TYPE,
  pageUrl: (_board, number, { baseUrl }) =>
    new URL(`${baseUrl ?? "https://www.arbeitnow.com"}/api/job-board-api?page=${number}`),
  async parse({ text }) {
    const { items, rest } = await readList(text, "data");
    return { items, hasNext: typeof jsonFieldsOf(jsonFieldsOf(rest)["links"])["next"] === "string" };
  },
  draft(item) {
    const job = jsonFieldsOf(item);
    const seconds = job["created_at"];
    return {
      id: job["slug"],
      title: job["title"],
      company: job["company_name"],
      location: job["location"],
      description: job["description"],
      link: job["url"],
      postedAt: typeof seconds === "number" ? seconds * 1_000 : seconds,
      jobType: job["job_types"],
      remoteType: job["remote"],
    };
  },
};
