import type { MatchVolunteer } from "../../src/scoring/match.ts";
import { BLOCK_SIZE, buildBlock, type SkillBlock } from "../../src/scoring/skill-block.ts";

/** The index of volunteers, through the packed form in which Postgres gives it. */
export function indexOf(people: readonly MatchVolunteer[]): SkillBlock[] {
  const numbers = [...new Set(people.map(({ id }) => Math.floor(id / BLOCK_SIZE)))].sort((a, b) => a - b);
  return numbers.map((number) => {
    const mine = people.filter(({ id }) => Math.floor(id / BLOCK_SIZE) === number);
    const words = new Map<number, number[]>();
    for (const { id, skills } of mine)
      for (const [skillId, weight] of skills)
        words.set(skillId, [...(words.get(skillId) ?? []), ((id % BLOCK_SIZE) << 10) | weight]);
    return buildBlock({
      number,
      skills: [...words].map(([skillId, list]) => ({ skillId, words: bigEndian(list) })),
      places: Buffer.concat(
        mine.flatMap(({ id, place }) => (place === null ? [] : [placeRecord(id % BLOCK_SIZE, place)])),
      ),
    });
  });
}

function bigEndian(words: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, index * 4);
  return bytes;
}

function placeRecord(
  local: number,
  { latitude, longitude }: { latitude: number; longitude: number },
): Buffer {
  const record = Buffer.alloc(20);
  record.writeUInt32BE(local, 0);
  record.writeDoubleBE(latitude, 4);
  record.writeDoubleBE(longitude, 12);
  return record;
}
