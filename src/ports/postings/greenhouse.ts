import { htmlToText } from "./html-text.ts";
import {
  BOARD_NAME,
  companyOfBoard,
  JSON_TYPE,
  jsonFieldsOf,
  needsNothing,
  onlyPage,
  type PostingSource,
} from "./posting-source.ts";

/** `{ jobs: [...] }` in one response. `content` is HTML whose markup is escaped once more. */
export const greenhouse: PostingSource = {
  name: "greenhouse",
  about: "Boards of employers on Greenhouse.",
  terms: { attribution: null, requestsPerDay: null, everyMinutes: 60 },
  isEmployer: true,
  isFull: true,
  board: { what: "the token of the board", pattern: BOARD_NAME },
  requires: needsNothing,
  accept: JSON_TYPE,
  pageUrl: (board, _number, { baseUrl }) =>
    new URL(
      `${baseUrl ?? "https://boards-api.greenhouse.io"}/v1/boards/${board}/jobs?content=true&pay_transparency=true`,
    ),
  parse: onlyPage("jobs"),
  draft(item, { board }) {
    const job = jsonFieldsOf(item);
    const content = job["content"];
    const ranges = job["pay_input_ranges"];
    const range = jsonFieldsOf(Array.isArray(ranges) ? ranges[0] : null);
    const location = jsonFieldsOf(job["location"])["name"];
    return {
      id: typeof job["id"] === "number" || typeof job["id"] === "string" ? `${board}:${job["id"]}` : null,
      title: job["title"],
      company: job["company_name"] ?? companyOfBoard(board),
      location,
      description: typeof content === "string" ? htmlToText(content) : null,
      link: job["absolute_url"],
      postedAt: job["first_published"] ?? job["updated_at"],
      salary: {
        min: inUnits(range["min_cents"]),
        max: inUnits(range["max_cents"]),
        currency: range["currency_type"],
        period: range["title"],
      },
      remoteType: location,
    };
  },
};

const inUnits = (cents: unknown): unknown => (typeof cents === "number" ? cents / 100 : null);
