import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BOARD_POSTINGS, type BoardPosting } from "./board-postings.ts";

/** Job boards with the documents of the real ones, as POSTING_BASE_URLS expects. */
export type JobBoards = {
  /** POSTING_LISTS: a list of every source. */
  readonly lists: string;
  /** POSTING_BASE_URLS. */
  readonly baseUrls: string;
  stop(): Promise<void>;
};

/** The document of one source: its path and its content. */
type Board = {
  /** The list in POSTING_LISTS. */
  readonly list: (url: string) => string;
  readonly path: string;
  readonly document: (postings: readonly DatedPosting[]) => object | string;
};

type DatedPosting = BoardPosting & { readonly postedAt: Date; readonly link: string };

const paragraphs = (text: string): string =>
  text
    .replace(/^|(?<=\.) /g, "</p><p>")
    .slice(4)
    .concat("</p>");

const escapeOnce = (html: string): string =>
  html.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const wordsOf = (time: BoardPosting["time"]): string => (time === "full-time" ? "FullTime" : "PartTime");

/** Every source of src/ports/postings, by its name. */
const BOARDS: Readonly<Record<string, Board>> = {
  remotive: {
    list: () => "remotive",
    path: "/remotive/api/remote-jobs",
    document: (postings) => ({
      "job-count": postings.length,
      jobs: postings.map(({ id, link, title, company, time, postedAt, place, pay, text }) => ({
        id: Number(id),
        url: link,
        title,
        company_name: company,
        job_type: time.replace("-", "_"),
        publication_date: postedAt.toISOString().slice(0, 19),
        candidate_required_location: place,
        salary: pay ? `${pay.currency} ${pay.min} - ${pay.max}` : "",
        description: paragraphs(text),
      })),
    }),
  },
  remoteok: {
    list: () => "remoteok",
    path: "/remoteok/api",
    document: (postings) => [
      { legal: "The notice about the terms that precedes the jobs." },
      ...postings.map(({ id, link, title, company, time, postedAt, place, pay, text }) => ({
        id,
        date: postedAt.toISOString(),
        company,
        position: title,
        tags: [time.replace("-", " ")],
        description: paragraphs(text),
        location: place,
        salary_min: pay?.min ?? 0,
        salary_max: pay?.max ?? 0,
        url: link,
      })),
    ],
  },
  adzuna: {
    list: () => "adzuna:gb",
    path: "/adzuna/v1/api/jobs/gb/search/1",
    document: (postings) => ({
      count: postings.length,
      results: postings.map(({ id, link, title, company, time, postedAt, place, pay, text }) => ({
        id,
        title,
        company: { display_name: company },
        location: { display_name: place },
        description: text,
        redirect_url: link,
        created: postedAt.toISOString(),
        salary_is_predicted: "0",
        ...(pay ? { salary_min: pay.min, salary_max: pay.max } : {}),
        contract_time: time.replace("-", "_"),
      })),
    }),
  },
  greenhouse: {
    list: () => "greenhouse:civic-data-lab",
    path: "/greenhouse/v1/boards/civic-data-lab/jobs",
    document: (postings) => ({
      jobs: postings.map(({ id, link, title, company, postedAt, place, work, pay, text }) => ({
        id: Number(id),
        title,
        absolute_url: link,
        company_name: company,
        location: { name: work === "remote" ? `Remote, ${place}` : place },
        first_published: postedAt.toISOString(),
        content: escapeOnce(paragraphs(text)),
        pay_input_ranges: pay
          ? [
              {
                min_cents: pay.min * 100,
                max_cents: pay.max * 100,
                currency_type: pay.currency,
                title: "Annual",
              },
            ]
          : [],
      })),
    }),
  },
  lever: {
    list: () => "lever:green-streets",
    path: "/lever/v0/postings/green-streets",
    document: (postings) =>
      postings.map(({ id, link, title, time, postedAt, place, work, pay, text }) => ({
        id,
        text: title,
        categories: { commitment: time, location: place },
        workplaceType: work === "onsite" ? "on-site" : work,
        createdAt: postedAt.getTime(),
        hostedUrl: link,
        description: paragraphs(text),
        lists: [],
        ...(pay ? { salaryRange: { ...pay, interval: "per-year-salary" } } : {}),
      })),
  },
  ashby: {
    list: () => "ashby:open-city",
    path: "/ashby/posting-api/job-board/open-city",
    document: (postings) => ({
      apiVersion: "1",
      jobs: postings.map(({ id, link, title, time, postedAt, place, work, pay, text }) => ({
        id,
        title,
        employmentType: wordsOf(time),
        location: place,
        workplaceType: work === "remote" ? "Remote" : "OnSite",
        isListed: true,
        publishedAt: postedAt.toISOString(),
        jobUrl: link,
        descriptionHtml: paragraphs(text),
        compensation: {
          compensationTierSummary: pay ? `€${pay.min / 1_000}K – €${pay.max / 1_000}K` : null,
        },
      })),
    }),
  },
  arbeitnow: {
    list: () => "arbeitnow",
    path: "/arbeitnow/api/job-board-api",
    document: (postings) => ({
      data: postings.map(({ id, link, title, company, time, postedAt, place, work, text }) => ({
        slug: id,
        company_name: company,
        title,
        description: paragraphs(text),
        remote: work === "remote",
        url: link,
        job_types: [time.replace("-", " ")],
        location: place,
        created_at: Math.floor(postedAt.getTime() / 1_000),
      })),
      links: { next: null },
    }),
  },
  jsonld: {
    list: (url) => `jsonld:${url}/careers`,
    path: "/careers",
    document: (postings) => {
      const listings = postings.map(({ id, link, title, company, time, postedAt, place, text }) => ({
        "@type": "JobPosting",
        title,
        description: paragraphs(text),
        datePosted: postedAt.toISOString(),
        employmentType: time.replace("-", "_").toUpperCase(),
        identifier: { "@type": "PropertyValue", value: id },
        hiringOrganization: { "@type": "Organization", name: company },
        jobLocation: { "@type": "Place", address: { addressLocality: place, addressCountry: "BE" } },
        url: link,
      }));
      const script = JSON.stringify({ "@context": "https://schema.org", "@graph": listings });
      return `<!doctype html><title>Careers</title><script type="application/ld+json">${script.replaceAll("<", "\\u003c")}</script>`;
    },
  },
};

/** Starts the job boards on a free local port. All postings appeared within the last two days. */
export async function startJobBoards(now: Date): Promise<JobBoards> {
  const bodies = new Map(
    Object.entries(BOARDS).map(([source, { path, document }]) => [path, document(jobsOf(source, now))]),
  );
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://boards");
    const body = bodies.get(pathname);
    // Also for robots.txt: no rules.
    if (body === undefined) return void response.writeHead(404).end();
    const isPage = typeof body === "string";
    response.writeHead(200, { "content-type": isPage ? "text/html" : "application/json" });
    response.end(isPage ? body : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sources = Object.keys(BOARDS);
  return {
    lists: Object.values(BOARDS)
      .map(({ list }) => list(url))
      .join(","),
    baseUrls: sources.map((source) => `${source}=${url}/${source}`).join(","),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const HOUR_MS = 3_600_000;

const jobsOf = (source: string, now: Date): DatedPosting[] =>
  BOARD_POSTINGS.filter((posting) => posting.source === source).map((posting) => ({
    ...posting,
    postedAt: new Date(now.getTime() - posting.hoursAgo * HOUR_MS),
    link: `https://${source}.example/jobs/${posting.id}`,
  }));
