import { JSON_TYPE, jsonFieldsOf, needsNothing, onlyPage, type PostingSource } from "./posting-source.ts";

/** `{ jobs: [{ id, url, title, company_name, publication_date, ... }] }`, dates without an offset. */
export const remotive: PostingSource = {
  name: "remotive",
  about: "Remote jobs of many companies, a day after they were published.",
  terms: { attribution: "Remotive", requestsPerDay: 4, everyMinutes: 360 },
  isEmployer: false,
  isFull: false,
  board: null,
  requires: needsNothing,
  accept: JSON_TYPE,
  pageUrl: (_board, _number, { baseUrl }) => new URL(`${baseUrl ?? "https://remotive.com"}/api/remote-jobs`),
  parse: onlyPage("jobs"),
  draft(item) {
    const job = jsonFieldsOf(item);
    return {
      id: job["id"],
      title: job["title"],
      company: job["company_name"],
      location: job["candidate_required_location"],
      description: job["description"],
      link: job["url"],
      postedAt: job["publication_date"],
      salary: { raw: job["salary"] },
      jobType: job["job_type"],
      remoteType: true,
    };
  },
};
