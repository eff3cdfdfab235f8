import { JSON_TYPE, jsonFieldsOf, needsNothing, onlyPage, type PostingSource } from "./posting-source.ts";

/** An array, whose first element is a notice about the terms. */
export const remoteok: PostingSource = {
  name: "remoteok",
  about: "Remote jobs of many companies, the latest ones.",
  terms: { attribution: "Remote OK", requestsPerDay: 24, everyMinutes: 60 },
  isEmployer: false,
  isFull: false,
  board: null,
  requires: needsNothing,
  accept: JSON_TYPE,
  pageUrl: (_board, _number, { baseUrl }) => new URL(`${baseUrl ?? "https://remoteok.com"}/api`),
  parse: onlyPage(null, (item) => jsonFieldsOf(item)["legal"] === undefined),
  draft(item) {
    const job = jsonFieldsOf(item);
    return {
      id: job["id"],
      title: job["position"],
      company: job["company"],
      location: job["location"],
      description: job["description"],
      link: job["url"],
      postedAt: job["date"],
      // 0 means that none was given.
      salary: { min: job["salary_min"], max: job["salary_max"], currency: "USD", period: "year" },
      jobType: job["tags"],
      remoteType: true,
    };
  },
};
