import { seededRandom } from "../../src/random.ts";
import type { Scratch } from "./database.ts";

const SEED = 97;
const WORDS = 20_000;
const BIO_WORDS = 25;
const FIRST_NAMES = 4_000;
const LAST_NAMES = 60_000;
const CITIES = 800;
const INTERESTS = 300;
const SUBJECTS = 20;
const PIECE = 20_000;

const SYLLABLES =
  "ba be bi bo bu da de di do fa fe ga go ha he ka ke ki la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te ti to va ve vi wa we za zo".split(
    " ",
  );

/** A word of a number, the same every time. */
export function wordOf(n: number, least: number): string {
  let [word, left] = ["", n];
  while (left > 0 || word.length < least) {
    word += SYLLABLES[left % SYLLABLES.length];
    left = Math.floor(left / SYLLABLES.length);
  }
  return word;
}

/** Draws indexes by Zipf's law with exponent 1: the n-th is drawn as often as 1 / n. */
export function zipf(size: number, random: () => number): () => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= size; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const total = sums.at(-1) as number;
  return () => {
    const drawn = random() * total;
    let [low, high] = [0, size - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** What searches of the benchmark ask for, as the data has it. */
export const SEARCHED = {
  /** The most frequent word of bios: about every second person has it. */
  common: wordOf(0, 5),
  medium: wordOf(700, 5),
  rare: wordOf(WORDS - 10, 5),
  firstName: (rank: number) => `${wordOf(rank, 4)}n`,
  lastName: (rank: number) => `${wordOf(rank, 5)}s`,
  city: (rank: number) => `${wordOf(rank, 4)}burg`,
} as const;

/**
 * People with a name of two words, a bio of 25 words of 20,000 by Zipf's law, in or around 800 places.
 * Existing users become the first ones.
 */
export async function loadProfiles(scratch: Scratch, people: number): Promise<void> {
  const random = seededRandom(SEED).next;
  const draws = {
    word: zipf(WORDS, random),
    first: zipf(FIRST_NAMES, random),
    last: zipf(LAST_NAMES, random),
    city: zipf(CITIES, random),
    interest: zipf(INTERESTS, random),
  };
  await scratch.sql(
    "insert into interest_subjects (key, label) select 's' || n, 's' || n from generate_series(1, $1::int) n",
    [SUBJECTS],
  );
  await scratch.sql(
    "insert into interests (subject_id, key, label) select 1 + n % $2::int, 'i' || n, 'i' || n from generate_series(1, $1::int) n",
    [INTERESTS, SUBJECTS],
  );
  const places = Array.from({ length: CITIES }, () => [random() * 110 - 50, random() * 340 - 170] as const);
  for (let from = 0; from < people; from += PIECE) {
    const ids = Array.from({ length: Math.min(PIECE, people - from) }, (_, n) => from + n + 1);
    const drawn = ids.map(() => {
      const city = draws.city();
      const [latitude, longitude] = places[city] as readonly [number, number];
      return {
        name: `${SEARCHED.firstName(draws.first())} ${SEARCHED.lastName(draws.last())}`,
        bio: Array.from({ length: BIO_WORDS }, () => wordOf(draws.word(), 5)).join(" "),
        city: SEARCHED.city(city),
        latitude: latitude + random() - 0.5,
        longitude: longitude + random() - 0.5,
        gender: random() < 0.48 ? "female" : random() < 0.95 ? "male" : "nonbinary",
        born: Math.floor(random() * 15_000),
        interests: [draws.interest(), draws.interest(), draws.interest()],
      };
    });
    await scratch.sql(
      `insert into users (id, name) overriding system value select * from unnest($1::bigint[], $2::text[])
       on conflict (id) do update set name = excluded.name`,
      [ids, drawn.map(({ name }) => name)],
    );
    await scratch.sql(
      `insert into profiles (user_id, bio, location_text, latitude, longitude, gender, intent, birth_date, avatar_media_id)
       select id, bio, city, latitude, longitude, gender, 'friends', date '1965-01-01' + born, 1
       from unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::int[])
            as p(id, bio, city, latitude, longitude, gender, born)`,
      [
        ids,
        drawn.map(({ bio }) => bio),
        drawn.map(({ city }) => city),
        drawn.map(({ latitude }) => latitude),
        drawn.map(({ longitude }) => longitude),
        drawn.map(({ gender }) => gender),
        drawn.map(({ born }) => born),
      ],
    );
    await scratch.sql(
      "insert into user_interests (user_id, interest_id) select * from unnest($1::bigint[], $2::bigint[]) on conflict do nothing",
      [
        ids.flatMap((id) => [id, id, id]),
        drawn.flatMap(({ interests }) => interests.map((interest) => interest + 1)),
      ],
    );
  }
}
