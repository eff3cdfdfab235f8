import { describe, expect, it } from "vitest";
import { csvRows } from "../../src/cli/csv.ts";
import { hostPlatform, installMappings } from "../support/host-platform.ts";
import { importScene, ndjson } from "../support/imports.ts";
import { size } from "../support/sizes.ts";

async function* linesOf(text: string) {
  for (const [index, line] of text.split("\n").entries()) yield { line: index + 1, text: line };
}

describe("csvRows", () => {
  const read = async (text: string) => {
    const found = [];
    for await (const row of csvRows(linesOf(text))) found.push(row);
    return found;
  };

  it("reads quotes, line breaks and commas in cells, and tells an empty text from none", async () => {
    expect(await read('a,b,c\r\n1,,""\n"x, ""y""","two\nlines",é\n\n4,5,6')).toEqual([
      { line: 1, cells: ["a", "b", "c"] },
      { line: 2, cells: ["1", null, ""] },
      { line: 3, cells: ['x, "y"', "two\nlines", "é"] },
      { line: 6, cells: ["4", "5", "6"] },
    ]);
  });

  it("names the row whose quote is not closed", async () => {
    await expect(read('a\n1\n"x\ny')).rejects.toThrow(
      "The quote that is opened in the row of line 3 is not closed.",
    );
  });
});

describe("commonwork import <table>", () => {
  it("imports NDJSON, names refused lines, and stores nothing twice", async () => {
    const { world, run, values } = await importScene();
    const file = ndjson(
      { host_id: "ada", columns: { name: "Ada", email: "ada@host.test" } },
      { host_id: "ben", version: 4, columns: { name: "Ben" } },
      { host_id: "eve", columns: { is_operator: true } },
      { table: "projects", host_id: "p", columns: {} },
    ).replace("\n", "\n\nno JSON\n");
    const first = await run("users", "users.ndjson", file);
    expect(first).toMatchObject({ code: 1, err: "" });
    expect(first.out).toBe(
      "users: 2 stored, 3 rejected.\nThe refused lines, with reasons, are in ./users.ndjson.refused.ndjson.\n",
    );
    expect(first.refused).toMatchObject([
      {
        line: 3,
        host_id: null,
        status: "rejected",
        faults: [{ fault: expect.stringContaining("is not JSON") }],
      },
      { line: 5, host_id: "eve", faults: [{ field: "columns.is_operator" }] },
      { line: 6, host_id: "p", faults: [{ field: "table", fault: "is not users" }] },
    ]);
    expect(await values("select name as v from users where host_id is not null order by host_id")).toEqual([
      "Ada",
      "Ben",
    ]);
    const again = await run(
      "users",
      "users.ndjson",
      ndjson(
        { host_id: "ada", columns: { name: "Ada", email: "ada@host.test" } },
        { host_id: "ben", version: 3, columns: { name: "B" } },
      ),
    );
    expect(again).toMatchObject({ code: 0, out: "users: 1 unchanged, 1 older.\n", refused: null });
    expect(
      await run("users", "users.ndjson", ndjson({ host_id: "ada", columns: { name: "A" } })),
    ).toMatchObject({ code: 1, refused: [{ status: "conflict", host_id: "ada" }] });
    expect(
      await run(
        "users",
        "users.ndjson",
        ndjson({ host_id: "ada", columns: { name: "A" } }),
        "--set-version",
        "1",
      ),
    ).toMatchObject({ code: 0, out: "users: 1 stored.\n" });
    expect(await values("select action as v from audit_log where action = 'rows.import'")).toHaveLength(4);
    expect(await world.query("select 1 from pending_records")).toEqual([]);
  });

  it("imports CSV as Postgres and MySQL write it", async () => {
    const { run, values } = await importScene();
    await run("users", "users.csv", "host_id,name,created_at\nada,Ada,2026-03-09 02:00:00+00\nben,,\n");
    expect(await values("select name as v from users where host_id is not null order by host_id")).toEqual([
      "Ada",
      "",
    ]);
    expect(
      await values("select created_at = '2026-03-09T02:00:00Z' as v from users where host_id = 'ada'"),
    ).toEqual([true]);
    const profiles = await run(
      "user_profiles",
      "profiles.csv",
      `host_id,user_id,tools,technical_skills,embeddings_allowed,salary_range_min
ada,ada,"[""spade""]","[{""name"": ""soil""}]",f,1200.5
ben,ben,,not json,t,
`,
    );
    expect(profiles).toMatchObject({
      code: 1,
      refused: [{ line: 3, faults: [{ field: "columns.technical_skills" }] }],
    });
    expect(
      await values(
        "select to_jsonb(r) as v from (select tools, embeddings_allowed as allowed, salary_range_min as least, technical_skills as skills from user_profiles) r",
      ),
    ).toEqual([{ tools: ["spade"], allowed: false, least: 1200.5, skills: [{ name: "soil" }] }]);
    expect(await run("users", "users.csv", "host_id,version,deleted,name\nada,1,true,\n")).toMatchObject({
      code: 0,
      out: "users: 1 stored.\n",
    });
    expect(await values("select deactivated_at is not null as v from users where host_id = 'ada'")).toEqual([
      true,
    ]);
    expect(await run("users", "users.csv", "name\nAda\n")).toMatchObject({
      code: 1,
      err: expect.stringContaining("The header of the CSV file needs host_id."),
    });
    expect(await run("users", "users.csv", "host_id,name,is_operator\nada,Ada,true\n")).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        "The header of the CSV file names is_operator, which a host may not write.",
      ),
    });
  });

  it("causes no nudge, lets rows wait, and shows what it would do in a dry run", async () => {
    const { world, run, values } = await importScene();
    await run("users", "users.ndjson", ndjson({ host_id: "ada", columns: { name: "Ada" } }));
    const message = ndjson({ host_id: "m", columns: { thread_id: "t", sender_id: "ada", body: "Hello" } });
    expect(await run("messages", "messages.ndjson", message, "--dry-run")).toMatchObject({
      code: 0,
      out: "messages: 1 waiting.\nDry run: nothing was changed.\n",
    });
    expect(await world.query("select 1 from record_versions where mirror = 'messages'")).toEqual([]);
    expect(await run("messages", "messages.ndjson", message, "--json")).toMatchObject({
      code: 0,
      out: expect.stringContaining('"waiting": 1'),
    });
    await run("chat_threads", "threads.ndjson", ndjson({ host_id: "t", columns: { topic: "Plans" } }));
    expect(await values("select body as v from messages")).toEqual(["Hello"]);
    expect(await world.query("select 1 from unread_marks")).toEqual([]);
  });

  it("refuses unreadable files, and a table that is mirrored, before it changes anything", async () => {
    const { world, run } = await importScene();
    await hostPlatform(world);
    await installMappings(world);
    expect(await run("organizations", "a.ndjson", "")).toMatchObject({
      code: 1,
      err: "organizations is mirrored from tables in this database.\n",
    });
    expect(await run("ledger_entries", "a.ndjson", "")).toMatchObject({
      code: 1,
      err: expect.stringContaining("A host does not fill ledger_entries."),
    });
    expect(await run("skills", "skills.txt", "")).toMatchObject({
      code: 1,
      err: expect.stringContaining("--format"),
    });
    expect(await run("skills", "skills.ndjson", Buffer.from([0x7b, 0xff, 0x0a]))).toMatchObject({
      code: 1,
      err: expect.stringContaining("line 1 is not valid UTF-8"),
    });
    expect(await run("skills", "skills.ndjson", "")).toMatchObject({
      code: 0,
      out: "skills: the file has no rows.\n",
    });
  });

  it("imports a large file whose rows refer to each other", async () => {
    const { run, values } = await importScene();
    const people = size(5_000, 1_000_000);
    const users = Array.from({ length: people }, (_, n) => ({
      host_id: `u${n}`,
      columns: { name: `User ${n}` },
    }));
    const bad = { host_id: "bad", columns: { name: "x", created_at: "yesterday" } };
    const lines = [...users, bad].map((line) => JSON.stringify(line));
    expect(await run("users", "users.ndjson", lines.join("\n"))).toMatchObject({
      code: 1,
      out: expect.stringContaining(`users: ${people} stored, 1 rejected.`),
      refused: [{ line: people + 1 }],
    });
    const volunteers = users.map(({ host_id }, n) => `${host_id},${host_id},${n % 90},${n % 180}`);
    const csv = ["host_id,user_id,latitude,longitude", ...volunteers].join("\n");
    expect(await run("volunteers", "volunteers.csv", csv)).toMatchObject({ code: 0, err: "" });
    expect(await values("select count(*)::int as v from volunteers")).toEqual([people]);
    expect(await run("volunteers", "volunteers.csv", csv)).toMatchObject({
      out: `volunteers: ${people} unchanged.\n`,
    });
  }, 1_800_000);
});

describe("commonwork import notification-history", () => {
  const RECORDS = {
    users: [
      { host_id: "ada", columns: { name: "Ada" } },
      { host_id: "ben", columns: { name: "Ben" } },
    ],
    organizations: [{ host_id: "o", columns: { name: "O" } }],
    projects: [
      {
        host_id: "p",
        columns: { organization_id: "o", created_by: "ada", name: "P", created_at: "2026-01-01T00:00:00Z" },
      },
    ],
    volunteers: [{ host_id: "ben", columns: { user_id: "ben" } }],
    chat_threads: [{ host_id: "t", columns: { topic: "Plans" } }],
    chat_thread_participants: [{ host_id: '["t","ben"]', columns: { thread_id: "t", user_id: "ben" } }],
    messages: [
      {
        host_id: "m1",
        columns: { thread_id: "t", sender_id: "ada", body: "1", created_at: "2026-01-02T00:00:00Z" },
      },
      {
        host_id: "m2",
        columns: { thread_id: "t", sender_id: "ada", body: "2", created_at: "2026-01-03T00:00:00Z" },
      },
    ],
    meetings: [
      {
        host_id: "x",
        columns: { title: "X", start_time: "2026-02-01T10:00:00Z", end_time: "2026-02-01T11:00:00Z" },
      },
    ],
  };

  it("stores sent notifications once, so that they are not sent again", async () => {
    const { world, run, values } = await importScene();
    for (const [table, lines] of Object.entries(RECORDS))
      expect(await run(table, `${table}.ndjson`, ndjson(...lines)), table).toMatchObject({ code: 0 });
    const sent_at = "2026-01-10T00:00:00Z";
    const history = ndjson(
      { kind: "candidate", project_id: "p", volunteer_id: "ben", notified_at: sent_at, match_score: 0.7 },
      { kind: "meeting_reminder", meeting_id: "x", user_id: "ben", sent_at },
      { kind: "unread_thread", thread_id: "t", user_id: "ben", sent_at },
      { kind: "resume", project_id: "p", user_id: "ada", resume: "borrower", step: 2, sent_at },
    );
    expect(await run("notification-history", "sent.ndjson", history, "--dry-run")).toMatchObject({ code: 0 });
    expect(await values("select count(*)::int as v from candidate_notifications")).toEqual([0]);
    expect(await run("notification-history", "sent.ndjson", history)).toMatchObject({
      code: 0,
      out: "notification-history: 4 stored.\n",
    });
    expect(await run("notification-history", "sent.ndjson", history)).toMatchObject({
      code: 0,
      out: "notification-history: 4 unchanged.\n",
    });
    expect(
      await world.query(
        `select (select match_score from candidate_notifications) as score,
                (select offset_minutes from meeting_reminders r join meetings m on m.id = r.meeting_id and m.start_time = r.start_time) as minutes,
                (select m.host_id from unread_nudges n join messages m on m.id = n.oldest_unread_id) as message,
                (select kind from resume_nudges r join projects p on p.id = r.subject_id and p.created_at = r.anchor_at) as resume`,
      ),
    ).toEqual([{ score: 0.7, minutes: 30, message: "m1", resume: "borrower" }]);
    expect(await values("select count(*)::int as v from unread_nudges")).toEqual([1]);
  });

  it("names the lines that it cannot store, and reads CSV", async () => {
    const { run } = await importScene();
    for (const [table, lines] of Object.entries(RECORDS))
      await run(table, `${table}.ndjson`, ndjson(...lines));
    const csv = `kind,project_id,volunteer_id,notified_at,meeting_id,user_id,offset_minutes,sent_at,thread_id,step
candidate,p,ada,2026-01-10T00:00:00Z,,,,,,
candidate,unknown,ben,2026-01-10T00:00:00Z,,,,,,
meeting_reminder,,,,x,ben,15,2026-01-10T00:00:00Z,,
meeting_reminder,,,,x,ben,0,yesterday,,
unread_thread,,,,,ada,,2026-01-10T00:00:00Z,t,1
resume,p,,,,ada,,2025-12-01T00:00:00Z,,1
birthday,,,,,,,,,
`;
    const imported = await run("notification-history", "sent.csv", csv);
    expect(imported).toMatchObject({ code: 1, out: expect.stringContaining("1 stored") });
    expect(
      imported.refused?.map(({ line, faults }) => [
        line,
        ...faults.map(({ field, fault }: Record<string, string>) => `${field} ${fault}`),
      ]),
    ).toEqual([
      [2, "volunteer_id is no volunteer"],
      [3, "project_id is unknown"],
      [5, "offset_minutes must be from 1 to 10080", "sent_at must be an ISO 8601 instant with an offset"],
      [6, "message_id the user has no such unread message in the thread"],
      [7, "sent_at is before the last edit of the resume, which starts over"],
      [8, "kind must be one of candidate, meeting_reminder, unread_thread, resume"],
    ]);
  });
});
