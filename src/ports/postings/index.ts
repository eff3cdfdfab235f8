import { adzuna } from "./adzuna.ts";
import { arbeitnow } from "./arbeitnow.ts";
import { ashby } from "./ashby.ts";
import { greenhouse } from "./greenhouse.ts";
import { jsonld } from "./jsonld.ts";
import { lever } from "./lever.ts";
import type { PostingSource } from "./posting-source.ts";
import { remoteok } from "./remoteok.ts";
import { remotive } from "./remotive.ts";

/** All sources of job postings. */
export const POSTING_SOURCES: readonly PostingSource[] = [
  remotive,
  remoteok,
  adzuna,
  greenhouse,
  lever,
  ashby,
  arbeitnow,
  jsonld,
];

/** The sources that are the employer's own board. */
export const EMPLOYER_SOURCES: readonly string[] = POSTING_SOURCES.filter(({ isEmployer }) => isEmployer).map(
  ({ name }) => name,
);

export const sourceNamed = (name: string): PostingSource | undefined =>
  POSTING_SOURCES.find((source) => source.name === name);
