import { JSON_TYPE, jsonFieldsOf, type PostingSource, readList } from "./posting-source.ts";

const PER_PAGE = 50;

const CURRENCIES: Readonly<Record<string, string>> = {
  gb: "GBP",
  us: "USD",
  au: "AUD",
  ca: "CAD",
  nz: "NZD",
  sg: "SGD",
  in: "INR",
  pl: "PLN",
  za: "ZAR",
  br: "BRL",
  mx: "MXN",
  ch: "CHF",
};

/** `{ results: [{ id, title, company: { display_name }, redirect_url, created, ... }] }`, newest first. */
export const adzuna: PostingSource = {
  name: "adzuna",
  about: "A search engine for jobs, by country.",
  terms: { attribution: "Jobs by Adzuna", requestsPerDay: 80, everyMinutes: 60 },
  isEmployer: false,
  isFull: false,
  board: {
    what: "a country, and words to search for: gb or gb/typescript",
    pattern: /^[a-z]{2}(\/[\w+. -]{1,80})?$/,
  },
  requires: ({ adzuna: credentials }) => (credentials === null ? "ADZUNA_APP_ID and ADZUNA_APP_KEY" : null),
  accept: JSON_TYPE,
  pageUrl(board, number, { baseUrl, adzuna: credentials }) {
    const [country = "", words] = board.split("/");
    const url = new URL(`${baseUrl ?? "https://api.adzuna.com"}/v1/api/jobs/${country}/search/${number}`);
    url.searchParams.set("app_id", credentials?.appId ?? "");
    url.searchParams.set("app_key", credentials?.appKey ?? "");
    url.searchParams.set("results_per_page", String(PER_PAGE));
    url.searchParams.set("sort_by", "date");
    if (words !== undefined) url.searchParams.set("what", words);
    return url;
  },
  async parse({ text }) {
    const { items } = await readList(text, "results");
    return { items, hasNext: items.length === PER_PAGE };
  },
  draft(item, { board }) {
    const job = jsonFieldsOf(item);
    const country = board.slice(0, 2);
    // A predicted salary is a guess of Adzuna's.
    const isPredicted = String(job["salary_is_predicted"]) === "1";
    const salary = { min: job["salary_min"], max: job["salary_max"], period: "year" };
    return {
      id: job["id"],
      title: job["title"],
      company: jsonFieldsOf(job["company"])["display_name"],
      location: jsonFieldsOf(job["location"])["display_name"],
      description: job["description"],
      link: job["redirect_url"],
      postedAt: job["created"],
      ...(isPredicted ? {} : { salary: { ...salary, currency: CURRENCIES[country] ?? "EUR" } }),
      jobType: [job["contract_time"], job["contract_type"]],
    };
  },
};
