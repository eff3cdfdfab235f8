import * as platform from "./platform.ts";
import type { World } from "./world.ts";

// What hosts have in their rows about people, and what every part of the service must bear.

const NAMES = [
  "",
  " \t ",
  "Eve\r\nBcc: everybody@people.test",
  "\u202eeve",
  "<script>alert(1)</script>",
  "**Eve** [win](https://evil.test)",
  "@[Eve](user:1)",
  "👩‍👩‍👧 Çağla \u0645\u0631\u062d\u0628\u0627",
  "x".repeat(20_000),
];
const ADDRESSES = [
  "",
  " ",
  "eve",
  "eve@people.test, everybody@people.test",
  "eve@people.test\r\nBcc: everybody@people.test",
  "Eve <eve@people.test>",
  `${"e".repeat(300)}@people.test`,
  "ева@почта.рф",
  "EVE@PEOPLE.TEST",
];
const ZONES = [
  "",
  "IST",
  "ECT",
  "Mars/Olympus",
  "+05:30",
  "Europe/Berlin\n",
  "' or 1=1 --",
  "z".repeat(300),
  "Pacific/Apia",
];
const LANGUAGES = ["", "tlh", "_", "-de", "de-", "de\n", "English (US)", "d".repeat(100_000), "\u202ede"];
/** The last are years before Christ and beyond those that a Date writes in four digits. */
export const INSTANTS = [
  "infinity",
  "-infinity",
  "0044-03-15 12:00:00+00 BC",
  "12026-01-01 00:00:00+00",
] as const;

/** Users with every oddity, a few in each. @returns their ids. */
export async function oddPeople(world: World): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, name] of NAMES.entries()) {
    const id = await platform.user(world, {
      name,
      email: ADDRESSES[index] as string,
      timeZone: ZONES[index] as string,
      language: LANGUAGES[index] as string,
    });
    await world.query("update users set last_active_at = $2 where id = $1", [
      id,
      INSTANTS[index % INSTANTS.length],
    ]);
    await world.query(
      `insert into user_notification_settings (user_id, frequency, quiet_from, quiet_to, reminder_offsets, unsubscribed_types)
       values ($1, $2, $3, $3, $4, '{nothing_known}')`,
      [
        id,
        ["immediate", "hourly", "daily", "weekly", "none"][index % 5],
        index * 60,
        index % 2 ? [] : [30, 30, 5],
      ],
    );
    await platform.prefer(world, id, {
      status: "immediate",
      scope: { type: "project", id: "999999" },
      eventType: "nothing_known",
    });
    ids.push(id);
  }
  return ids;
}
