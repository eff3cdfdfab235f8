import { sql } from "drizzle-orm";
import { MAX_ID } from "../../src/db/id-ranges.ts";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { findPeople } from "../../src/people/find-people.ts";
import { readSearchFacts } from "../../src/people/search-facts.ts";
import { computeRows, storeRows } from "../../src/people/search-index.ts";
import { type Random, seededRandom } from "../../src/random.ts";
import { parseSearch } from "../../src/scoring/people/search/parse-search.ts";
import { type Bench, type BenchContext, compare, type Figure } from "./bench.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { wordOf, zipf } from "./search-data.ts";
import { readTable } from "./table-file.ts";

const PEOPLE = 100_000;
const QUERIES = 500;
const LAST_NAMES = 20_000;
const FIRST = 10;
const PIECE = 5_000;
const SEED = 31;
const TODAY = new Date("2026-06-02T00:00:00Z");
const VIEWER = 0;

type Named = { readonly id: number; readonly first: string; readonly last: string };

/** Whether people are found whose names are written otherwise, against plain statements. */
export const searchQuality: Bench = {
  name: "search-quality",
  describe: ({ scale }) =>
    `${PEOPLE * scale} people with first names of nicknames.tsv and ${LAST_NAMES} last names by Zipf's law; ${QUERIES} queries of each kind for full names that occur once: share of those for whom the person is among the first ${FIRST}. Needs --data <folder>. baseline: the first five of full text search and of ILIKE for each word.`,
  async run(context) {
    const names = nicknamesOf(context);
    const people = planPeople(Math.round(PEOPLE * context.scale), [...names.keys()]);
    const queries = planQueries(people, names);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadPeople(scratch, people));
    await context.loaded();
    await withClone(context, template, (scratch) =>
      compare(
        { ...context, runs: context.runs ?? 1 },
        {
          ours: () => recall(queries, (query) => ours(scratch, query)),
          baseline: () => recall(queries, (query) => plain(scratch, query)),
        },
      ),
    );
  },
};

function nicknamesOf({ data }: BenchContext): ReadonlyMap<string, readonly string[]> {
  if (data === null) throw new Error("name the folder of the tables with --data");
  const names = new Map<string, string[]>();
  for (const { name = "", nickname = "" } of readTable(data, "nicknames.tsv"))
    names.set(name, [...(names.get(name) ?? []), nickname]);
  return names;
}

function planPeople(count: number, firstNames: readonly string[]): Named[] {
  const random = seededRandom(SEED);
  const last = zipf(LAST_NAMES, random.next);
  return Array.from({ length: count }, (_, n) => ({
    id: n + 1,
    first: random.pick(firstNames),
    last: `${wordOf(last(), 6)}n`,
  }));
}

type Query = { readonly text: string; readonly id: string };
type Write = (person: Named, random: Random) => string;

const ACCENTS: Readonly<Record<string, string>> = { a: "á", e: "é", i: "ï", o: "ö", u: "ü" };

const misspelt = (word: string, random: Random, least: number): string => {
  const at = random.between(least, word.length - 2);
  const [before, after] = [word.slice(0, at), word.slice(at + 1)];
  return random.pick([
    before + after,
    `${before}x${word.slice(at)}`,
    `${before}x${after}`,
    before + after[0] + word[at] + after.slice(1),
  ]);
};

function planQueries(
  people: readonly Named[],
  names: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly Query[]> {
  const random = seededRandom(SEED + 1);
  const counts = new Map<string, number>();
  const nameOf = ({ first, last }: Named) => `${first} ${last}`;
  for (const person of people) counts.set(nameOf(person), (counts.get(nameOf(person)) ?? 0) + 1);
  const once = people.filter((person) => counts.get(nameOf(person)) === 1 && person.first.length >= 4);
  const kinds: Readonly<Record<string, Write>> = {
    "as it is": nameOf,
    nickname: ({ first, last }) => `${random.pick(names.get(first) ?? [first])} ${last}`,
    misspelt: ({ first, last }) =>
      random.next() < 0.5 ? `${misspelt(first, random, 1)} ${last}` : `${first} ${misspelt(last, random, 1)}`,
    "misspelt in the first letter": ({ first, last }) =>
      random.next() < 0.5 ? `x${first.slice(1)} ${last}` : `${first} ${last[1]}${last[0]}${last.slice(2)}`,
    "other accents": (person) => nameOf(person).replace(/[aeiou]/g, (letter) => ACCENTS[letter] ?? letter),
  };
  return new Map(
    Object.entries(kinds).map(([kind, write]) => [
      kind,
      Array.from({ length: QUERIES }, () => {
        const person = random.pick(once);
        return { text: write(person, random), id: String(person.id) };
      }),
    ]),
  );
}

async function loadPeople(scratch: Scratch, people: readonly Named[]): Promise<void> {
  await scratch.sql(
    `insert into users (id, name) overriding system value select * from unnest($1::bigint[], $2::text[])`,
    [people.map(({ id }) => id), people.map(({ first, last }) => `${capital(first)} ${capital(last)}`)],
  );
  await scratch.sql(
    `insert into profiles (user_id, bio, birth_date, location_text, avatar_media_id)
     select id, repeat('About me. ', 9), '1990-01-01', 'Here', 1 from users`,
  );
  for (let from = 0; from <= people.length; from += PIECE) {
    const scope = { from: String(from), to: from + PIECE > people.length ? MAX_ID : String(from + PIECE) };
    const options = { threshold: 60, now: TODAY };
    const computed = await computeRows(await readSearchFacts(scratch.db.drizzle, scope, options));
    await inTransaction(scratch.db, (tx) => storeRows(tx, scope, computed, options));
  }
  await scratch.sql("create index on users using gin (to_tsvector('simple', name))");
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

async function recall(
  queries: ReadonlyMap<string, readonly Query[]>,
  find: (text: string) => Promise<readonly string[]>,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [kind, asked] of queries) {
    let hits = 0;
    for (const { text, id } of asked) if ((await find(text)).slice(0, FIRST).includes(id)) hits += 1;
    figures.push({ figure: kind, unit: "recall@10", value: hits / asked.length });
  }
  return figures;
}

async function ours({ db }: Scratch, q: string): Promise<string[]> {
  const search = { viewerId: String(VIEWER), terms: parseSearch(q), filter: {}, today: TODAY };
  return (await findPeople(db.drizzle, search)).ranked.map(({ userId }) => userId);
}

/** Full text search, and after it ILIKE for each word: a person whom either has among its first counts. */
async function plain({ db }: Scratch, q: string): Promise<string[]> {
  const like = sql.join(
    q.split(" ").map((word) => sql`name ilike ${`%${word}%`}`),
    sql` and `,
  );
  const found = await rows<{ id: string }>(
    db.drizzle,
    sql`(select id from users where to_tsvector('simple', name) @@ plainto_tsquery('simple', ${q}) order by id limit ${FIRST / 2})
        union (select id from users where ${like} order by id limit ${FIRST / 2})`,
  );
  return found.map(({ id }) => id);
}
