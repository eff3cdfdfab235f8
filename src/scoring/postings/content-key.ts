import { wordsOf } from "./words.ts";

/** The key of a posting: company, title and place. Postings with equal keys are the same. */
export type PostingKeys = {
  /** The company without its legal form. */
  readonly company: string;
  /** "remote", or the cities; empty if the posting names none. */
  readonly place: string;
  /** The words of the title. Without workplace, place, requisition number and gender marks. */
  readonly title: string;
  /** Company, title and place. Null if one of the first two has no words. */
  readonly content: string | null;
};

type Keyed = {
  readonly title: string;
  readonly company: string;
  readonly location: string | null;
  readonly remoteType: string | null;
};

const LEGAL_FORMS = new Set(
  "inc incorporated llc llp ltd limited gmbh mbh ag se kg kgaa ug ev sa sas sarl srl spa bv nv oy oyj ab as aps plc corp corporation co company pty pvt sl slu lda kft zrt sro".split(
    " ",
  ),
);

/** Words for the same level. A junior and a senior opening are two postings (decision 0141). */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ["sr", "senior"],
  ["snr", "senior"],
  ["jr", "junior"],
  ["jnr", "junior"],
  ["i", "1"],
  ["ii", "2"],
  ["iii", "3"],
  ["iv", "4"],
]);

const WORKPLACE = new Set("remote remotely hybrid onsite anywhere worldwide wfh homeoffice".split(" "));

/** "(m/f/d)", "m/w/x", "(all genders)": required by law in some countries, and no part of the title. */
const GENDERS = /\(?\b[mfwdhx](?:\s*[/|]\s*[mfwdhx*]){1,3}\b\)?|\(?\ball genders\b\)?/giu;

/** "#1234", "REQ-1234", "R0012345". */
const REQUISITION = /#\s*\d+|\b(?:req|requisition|job\s*id|ref)[\s.:#-]*\d+\b|\br\d{4,}\b|\b\d{5,}\b/giu;

/** An index entry of Postgres is limited to a third of a page. */
const MAX_KEY = 500;

/** The keys of a posting. Equal keys mean the same opening (level 3 of the duplicates). */
export function postingKeys(posting: Keyed): PostingKeys {
  const company = companyKey(posting.company);
  const place = placeKey(posting);
  const title = titleKey(posting.title, posting.location);
  const content = company && title ? `${company}|${title}|${place}`.slice(0, MAX_KEY) : null;
  return { company, place, title, content };
}

function companyKey(company: string): string {
  const words = wordsOf(company.replace(/\b(\p{L})\.(?=\p{L}\b)/gu, "$1"));
  const own = words.filter((word) => !LEGAL_FORMS.has(word));
  return (own.length > 0 ? own : words).join(" ");
}

/** C++ and C# are not C. */
const named = (title: string): string =>
  title.replace(/(\p{L})\+\+/gu, "$1plusplus ").replace(/(?<!\p{L})(\p{L})#/gu, "$1sharp ");

/** Without workplace, place, requisition number and gender marks, and with one word for each level. */
function titleKey(title: string, location: string | null): string {
  const noise = new Set(wordsOf(location ?? ""));
  const words = wordsOf(named(title.replace(GENDERS, " ").replace(REQUISITION, " ")));
  const own = words.filter((word) => !WORKPLACE.has(word) && !noise.has(word));
  return (own.length > 0 ? own : words).map((word) => LEVELS.get(word) ?? word).join(" ");
}

/** "Berlin, Germany; Munich" is "berlin+munich": countries and regions are written in too many ways. */
function placeKey({ location, remoteType }: Keyed): string {
  if (remoteType === "remote") return "remote";
  const places = (location ?? "").split(/[;|]/).map((place) => wordsOf(place.split(",")[0] ?? "").join(" "));
  return [...new Set(places.filter(Boolean))].sort().join("+").slice(0, 200);
}
