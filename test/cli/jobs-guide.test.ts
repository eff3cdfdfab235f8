import { expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { profileOf, TODAY } from "../support/search-people.ts";
import { createWorld } from "../support/world.ts";

/** The commands of the earlier system's guide, after the name of its runner. `media-metadata` is below. */
const GUIDE = `
match-scores --userId=8
match-scores --batchSize=100 --candidateBatchSize=500 --pauseMs=50
match-scores --batchSize=100
compatibility --userId=8
compatibility --batchSize=100 --targetBatchSize=500
profile-search-index --userId=8
profile-search-index --userBatchSize=100 --pauseMs=50
searchable-user
feed-presort --userId=8
feed-presort --batchSize=100 --segmentSize=20 --maxSegments=3
feed-presort --userId=8 --incremental
feed-presort-cleanup
build-user-traits
user-interest-sets
content-features
trending
affinity
media-metadata-all
media-metadata-batch --batchSize=50 --maxAgeHours=24 --pauseMs=100
build-user-traits --userId=8
profile-search-index --userBatchSize=100
feed-presort --batchSize=100
`;

const kebab = (option: string): string =>
  option.replace(/^--\w+/, (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));

it("every command of the guide runs, in its spelling and with dashes", async () => {
  const world = await createWorld({ at: TODAY });
  await profileOf(world, { host_id: "8" });
  const environment = environmentOf(world);
  for (const line of GUIDE.trim().split("\n")) {
    const [job = "", ...options] = line.split(" ");
    for (const spelled of new Set([options, options.map(kebab)].map((given) => given.join(" ")))) {
      const argv = ["run", job, ...spelled.split(" ").filter((part) => part !== ""), "--inline", "--json"];
      const answer = await cli(environment, ...argv);
      expect({ argv, ...answer }).toMatchObject({ code: 0, err: "" });
      expect(["done", "skipped"], argv.join(" ")).toContain(JSON.parse(answer.out).status);
    }
  }
});

it("media-metadata of the guide takes a record by the host's id", async () => {
  const world = await createWorld({ at: TODAY });
  const owner = await profileOf(world);
  await world.query("insert into media (host_id, owner_id, kind) values ('123', $1, 'IMAGE')", [owner]);
  const answer = await cli(
    environmentOf(world),
    "run",
    "media-metadata",
    "--mediaId=123",
    "--inline",
    "--json",
  );
  expect(answer).toMatchObject({ code: 0, err: "" });
});
