import { createHash } from "node:crypto";
import type { jobs } from "../../db/schema/postings.ts";
import { isStorableInstant, storable } from "../../foreign-text.ts";
import { postingLink } from "../../scoring/postings/posting-link.ts";
import { shorten } from "../../shorten.ts";
import { htmlToText } from "./html-text.ts";
import type { DraftPosting } from "./posting-source.ts";
import { type AdvertisedSalary, cleanSalary } from "./salary.ts";

type PostingRow = typeof jobs.$inferSelect;
export type JobType = NonNullable<PostingRow["jobType"]>;
export type RemoteType = NonNullable<PostingRow["remoteType"]>;

/** A posting that can be stored and shown. */
export type CleanPosting = {
  readonly sourceId: string;
  readonly title: string;
  readonly company: string;
  readonly location: string | null;
  readonly description: string;
  readonly link: string;
  readonly postedAt: Date | null;
  readonly validThrough: Date | null;
  readonly salary: AdvertisedSalary;
  readonly jobType: JobType | null;
  readonly remoteType: RemoteType | null;
  /** A hash that changes with any other field. */
  readonly contentHash: string;
};

/** Why a posting was refused. */
export type Refusal = "no-id" | "no-title" | "no-company" | "no-link" | "expired";

export class PostingRefused extends Error {
  override readonly name = "PostingRefused";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

const MAX_SOURCE_ID = 300;
const MAX_TITLE = 300;
const MAX_COMPANY = 200;
const MAX_LOCATION = 300;
const MAX_DESCRIPTION = 20_000;
const DAY_MS = 86_400_000;
const FIRST_POSTED = Date.UTC(2000, 0, 1);

/**
 * Makes a posting from a draft. Invalid optional fields are left out; without an id, title, company or
 * http(s) link the posting is refused.
 *
 * @throws PostingRefused
 */
export function cleanPosting(draft: DraftPosting, now: Date): CleanPosting {
  const sourceId = cleanId(draft.id);
  const title = cleanLine(draft.title, MAX_TITLE);
  const company = cleanLine(draft.company, MAX_COMPANY);
  const link = typeof draft.link === "string" ? postingLink(storable(draft.link.trim())) : null;
  if (sourceId === null) throw new PostingRefused("no-id");
  if (title === null) throw new PostingRefused("no-title");
  if (company === null) throw new PostingRefused("no-company");
  if (link === null) throw new PostingRefused("no-link");
  const validThrough = endOf(draft.validThrough);
  if (validThrough !== null && validThrough < now && validThrough.getTime() > FIRST_POSTED)
    throw new PostingRefused("expired");
  const postedAt = instantOf(draft.postedAt);
  const isPostedPlausible =
    postedAt !== null && postedAt.getTime() >= FIRST_POSTED && postedAt.getTime() <= now.getTime() + DAY_MS;
  const location = cleanLine(draft.location, MAX_LOCATION);
  const posting = {
    sourceId,
    title,
    company,
    location,
    description: cleanText(draft.description),
    link,
    postedAt: isPostedPlausible ? postedAt : null,
    validThrough: validThrough !== null && validThrough >= now ? validThrough : null,
    salary: cleanSalary(draft.salary ?? {}),
    jobType: jobTypeOf(draft.jobType),
    remoteType: remoteTypeOf(draft.remoteType) ?? remoteTypeOfPlace(location),
  };
  return { ...posting, contentHash: hashOf(posting) };
}

const shortHash = (text: string): string =>
  createHash("sha256").update(text).digest("base64url").slice(0, 22);

const hashOf = (posting: Omit<CleanPosting, "contentHash">): string => shortHash(JSON.stringify(posting));

/**
 * The id of a posting at its source; null if there is none. A long id is replaced by a part of it with the
 * hash of the whole.
 */
export function cleanId(value: unknown): string | null {
  const id = cleanLine(value, MAX_SOURCE_ID);
  const isWhole = typeof value !== "string" || value.length <= MAX_SOURCE_ID;
  return id === null || isWhole ? id : `${id.slice(0, MAX_SOURCE_ID / 2)}…${shortHash(value)}`;
}

/** Controls, format characters (directions of writing among them) and line breaks. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;
const UNPRINTABLE_IN_TEXT = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;

/** One line without markup and invisible characters: it reaches e-mails and terminals. Null if empty. */
function cleanLine(value: unknown, limit: number): string | null {
  if (typeof value !== "string" && !Number.isFinite(value)) return null;
  const text = htmlToText(String(value).slice(0, limit * 10));
  const line = text.replace(UNPRINTABLE, " ").replace(/\s+/g, " ").trim();
  return line === "" ? null : shorten(line, limit);
}

function cleanText(value: unknown): string {
  if (typeof value !== "string") return "";
  const text = htmlToText(value).replace(UNPRINTABLE_IN_TEXT, " ").trim();
  return shorten(text.slice(0, MAX_DESCRIPTION * 2), MAX_DESCRIPTION);
}

const NAIVE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

/** An instant as ISO 8601 or milliseconds. Null if it is invalid or in a year that cannot be stored. */
function instantOf(value: unknown): Date | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const written = typeof value === "string" ? value.trim() : value;
  const isNaive = typeof written === "string" && NAIVE.test(written);
  const at = new Date(isNaive ? `${written.replace(" ", "T")}Z` : written);
  return !Number.isNaN(at.getTime()) && isStorableInstant(at) ? at : null;
}

const DATE = /^\s*\d{4}-\d{2}-\d{2}\s*$/;

/** The instant at which something ends; for a date, the end of that day (UTC). */
function endOf(value: unknown): Date | null {
  const at = instantOf(value);
  if (at === null || typeof value !== "string" || !DATE.test(value)) return at;
  return new Date(at.getTime() + DAY_MS - 1);
}

/** Whole words: "International" is no internship, and a tag "internet" neither. */
const JOB_TYPES: readonly (readonly [RegExp, JobType])[] = [
  [/\bintern(s|ships?)?\b/i, "internship"],
  [/\bvolunteer(s|ing)?\b/i, "volunteer"],
  [/\bfree[\s-]*lanc(e|ers?|ing)\b/i, "freelance"],
  [/\bpart[\s-]*time\b/i, "part-time"],
  [/\b(temp|temporary|seasonal)\b/i, "temporary"],
  [/\b(contract(or|ors)?|fixed[\s-]*term)\b/i, "contract"],
  [/\b(full[\s-]*time|permanent|regular)\b/i, "full-time"],
];

function jobTypeOf(value: unknown): JobType | null {
  const written = wordsIn(value);
  return JOB_TYPES.find(([pattern]) => pattern.test(written))?.[1] ?? null;
}

const REMOTE_TYPES: readonly (readonly [RegExp, RemoteType])[] = [
  [/\bhybrid\b/i, "hybrid"],
  [/\b(no|not|non)[\s-]+(fully[\s-]+)?remote\b/i, "onsite"],
  [
    /\b(remote(ly)?|telecommut(e|ing)|anywhere|worldwide|home[\s-]*office|work(ing)? from home|wfh)\b/i,
    "remote",
  ],
  [/\b(on[\s-]*site|office)\b/i, "onsite"],
];

function remoteTypeOf(value: unknown): RemoteType | null {
  if (value === true) return "remote";
  const written = wordsIn(value);
  return REMOTE_TYPES.find(([pattern]) => pattern.test(written))?.[1] ?? null;
}

/** "Remote, EU" as a place. If it also names an office, it is an address. */
function remoteTypeOfPlace(location: string | null): RemoteType | null {
  const stated = remoteTypeOf(location);
  return stated === "onsite" ? null : stated;
}

/** Sources write FULL_TIME, full-time and "Full time". */
const wordsIn = (value: unknown): string =>
  (Array.isArray(value) ? value : [value])
    .filter((each) => typeof each === "string")
    .join(" ")
    .slice(0, 1_000)
    .replaceAll("_", " ");
