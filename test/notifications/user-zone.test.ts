import { afterEach, describe, expect, it, vi } from "vitest";
import { digestWindow } from "../../src/email/render/windows.ts";
import { createLog } from "../../src/log.ts";
import { userZone } from "../../src/notifications/user-zone.ts";
import { isTimeZone } from "../../src/scoring/local-time.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { projectOf } from "../support/emails.ts";
import { hostEvent } from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Names that Node or Postgres knows, or has known, and that the other reads differently or not at all. */
const LEGACY = [
  ..."ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST".split(
    " ",
  ),
  ..."EST MST HST CET MET EET WET EST5EDT CST6CDT MST7MDT PST8PDT UTC GMT UCT PRC ROC ROK".split(" "),
  ..."Cuba Egypt Eire GB-Eire Iran Japan NZ GB Poland Turkey W-SU Zulu Universal Greenwich GMT0 GMT+0".split(
    " ",
  ),
  ..."US/Pacific US/Pacific-New Asia/Rangoon Europe/Kiev America/Buenos_Aires Etc/GMT+5 Factory posixrules".split(
    " ",
  ),
];
const INVENTED = [
  "Middle/Earth",
  "local",
  "system",
  "default",
  "+05:30",
  "UTC+3",
  "-8",
  "8",
  " ",
  "' or 1=1 --",
  "America/Los Angeles",
  "america/los_angeles",
  "ist",
  "Europe/Berlin\n",
  "x".repeat(300),
];

describe("isTimeZone", () => {
  it.each([
    "Europe/Berlin",
    "Asia/Kathmandu",
    "US/Pacific",
    "Etc/GMT+5",
    "UTC",
    "GMT",
    "PRC",
    "Japan",
    "utc",
  ])("reads %s", (name) => expect(isTimeZone(name)).toBe(true));

  it.each([
    "ECT",
    "AGT",
    "CST",
    "IST",
    "ist",
    "BST",
    "EST",
    "CET",
    "+05:30",
    "UTC+3",
    "",
    "local",
    "Middle/Earth",
  ])("refuses %j", (name) => expect(isTimeZone(name)).toBe(false));
});

describe("userZone", () => {
  it("uses the default for a missing or unknown zone, and logs each unknown name once", () => {
    const lines: string[] = [];
    const log = createLog({
      level: "warn",
      format: "json",
      destination: { write: (line: string) => void lines.push(line) },
    });
    const zones = { defaultZone: "Pacific/Auckland", log };
    const read = [null, "", "Europe/Berlin", "Narnia/North", "Narnia/North", "Narnia/South"].map((zone) =>
      userZone(zone, zones),
    );
    expect(read).toEqual([
      "Pacific/Auckland",
      "Pacific/Auckland",
      "Europe/Berlin",
      "Pacific/Auckland",
      "Pacific/Auckland",
      "Pacific/Auckland",
    ]);
    expect(lines.map((line) => JSON.parse(line).zone)).toEqual(["Narnia/North", "Narnia/South"]);
  });
});

it("faults 1: any name in users.time_zone leaves everybody served by fan-out and digests", async () => {
  const lines: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  vi.stubEnv("TEST_LOG", "warn");
  const world = await createWorld({ at: "2026-03-02T20:01:00Z" });
  const postgres = await world.query<{ name: string }>(
    "select name from pg_timezone_names union select abbrev from pg_timezone_abbrevs",
  );
  const unknown = ["Atlantis/One", "Atlantis/Two", "Atlantis/Three"];
  const names = [
    ...new Set([
      ...Intl.supportedValuesOf("timeZone"),
      ...postgres.map(({ name }) => name),
      ...LEGACY,
      ...INVENTED,
      ...unknown,
    ]),
  ];
  const library = await projectOf(world);
  await world.query(
    `with people as (
       insert into users (name, email, time_zone) select 'Reader ' || n, 'reader' || n || '@people.test', zone
       from unnest($2::text[]) with ordinality z(zone, n) returning id),
     quiet as (insert into user_notification_settings (user_id, quiet_from, quiet_to) select id, 1380, 120 from people where id % 2 = 0)
     insert into project_access_grants (project_id, user_id, permission) select $1, id, 'view' from people`,
    [library.projectId, names],
  );
  await hostEvent(world, "document_uploaded", {
    actorId: library.ownerId,
    projectId: library.projectId,
    resourceId: library.resourceId,
  });
  await world.drain();
  expect(await world.query("select count(*)::int as n from notifications")).toEqual([{ n: names.length }]);
  // A process makes a formatter for each zone it meets, which takes seconds for all zones there are.
  for (const name of names) if (isTimeZone(name)) digestWindow("hourly", name, world.clock.now());
  // Twelve hours apart, so that a window of every zone is open at one of them.
  for (const at of ["2026-03-02T21:05:00Z", "2026-03-03T09:05:00Z"]) {
    world.at(at);
    expect(await world.perform(emailDigest, {})).toMatchObject({ done: 1 });
  }
  expect(
    await world.query(
      `select u.time_zone as zone from deliveries d join users u on u.id = d.user_id
       where d.channel = 'email' and d.digest_id is null`,
    ),
  ).toEqual([]);
  const logged = lines.flatMap((line) => {
    const { msg, zone } = JSON.parse(line) as { msg: string; zone?: string };
    return msg.startsWith("unknown time zone") ? [zone] : [];
  });
  expect(new Set(logged).size).toBe(logged.length);
  expect(logged).toEqual(expect.arrayContaining(unknown));
});
