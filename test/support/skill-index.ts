import type { MatchVolunteer } from "../../src/scoring/project-matching/match.ts";
import { BLOCK_SIZE, buildBlock, type SkillBlock } from "../../src/scoring/project-matching/skill-block.ts";

/** The index of volunteers, built from the encoding that Postgres produces. */
export function indexOf(people: readonly MatchVolunteer[]): SkillBlock[] {
  const numbers = [...new Set(people.map(({ id }) => Math.floor(id / BLOCK_SIZE)))].sort((a, b) => a - b);
  return numbers.map((number) => {
    const mine = people.filter(({ id }) => Math.floor(id / BLOCK_SIZE) === number);
    return buildBlock({
      number,
      skills: Buffer.concat(
        mine.flatMap(({ id, skills }) =>
          [...skills].map(([skillId, weight]) => skillRecord(skillId, id % BLOCK_SIZE, weight)),
        ),
      ),
      locations: Buffer.concat(
        mine.flatMap(({ id, location }) =>
          location === null ? [] : [locationRecord(id % BLOCK_SIZE, location)],
        ),
      ),
    });
  });
}

function skillRecord(skillId: number, local: number, weight: number): Buffer {
  const record = Buffer.alloc(8);
  record.writeBigInt64BE((BigInt(skillId) << 24n) | BigInt((local << 10) | weight));
  return record;
}

function locationRecord(
  local: number,
  { latitude, longitude }: { latitude: number; longitude: number },
): Buffer {
  const record = Buffer.alloc(20);
  record.writeUInt32BE(local, 0);
  record.writeDoubleBE(latitude, 4);
  record.writeDoubleBE(longitude, 12);
  return record;
}
