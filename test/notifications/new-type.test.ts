import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it, vi } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { emit } from "../../src/events/event.ts";
import { renderSample, SAMPLE_NAMES } from "../../src/http/admin/email-samples.ts";
import { NOTIFICATION_TYPES } from "../../src/notifications/index.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { serve } from "../http/support.ts";
import { deliveryStates } from "../support/emails.ts";
import { organization, volunteer } from "../support/factories.ts";
import { decided, notifications } from "../support/notified.ts";
import { notificationSettings, user } from "../support/platform.ts";
import { approve as approveTasks } from "../support/tasks.ts";
import { createWorld } from "../support/world.ts";
import { taskApprovedNotification } from "./example/task-approved.ts";
import { taskApproved } from "./example/tasks.ts";

// The files of a worker share their modules: these are loaded again with the example, and dropped at the end.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("../../src/notifications/index.ts");
  vi.resetModules();
});

// All that a new type needs beside its file: a line in the index.
vi.mock("../../src/notifications/index.ts", async (original) => {
  const { NOTIFICATION_TYPES: types } = await original<typeof import("../../src/notifications/index.ts")>();
  const example = await import("./example/task-approved.ts");
  return { NOTIFICATION_TYPES: [...types, example.taskApprovedNotification] };
});

const TEN = "2026-03-02T18:00:00Z";

async function scene() {
  const world = await createWorld({ at: TEN, environment: { PUBLIC_URL: "https://app.test" } });
  const leadId = await user(world, { name: "Ines" });
  const userId = await user(world, { name: "Ada", email: "ada@people.test" });
  const person = await volunteer(world, { organizationId: await organization(world), userId });
  /** Approves a task; `withdraw` takes the approval back. */
  const approve = async (title: string) => {
    const [assignmentId] = (await approveTasks(world, person, 1, TEN)) as [string];
    await inTransaction(world.db, (tx) =>
      emit(tx, taskApproved, [
        {
          payload: { user_id: userId, assignment_id: assignmentId, title },
          occurredAt: new Date(TEN),
          actorId: leadId,
        },
      ]),
    );
    return {
      withdraw: () =>
        world.query("update task_assignments set status = 'submitted', reviewed_at = null where id = $1", [
          assignmentId,
        ]),
    };
  };
  const fanOut = async () => {
    const entries = await world.enqueued({ name: "notify-fan-out" });
    await world.run(
      { name: "notify-fan-out" },
      entries.map(({ id }) => id),
    );
  };
  return { world, userId, approve, fanOut };
}

describe("a notification type that is one file and a line in the index", () => {
  it("is in the index of this test", () => {
    expect(NOTIFICATION_TYPES).toContain(taskApprovedNotification);
  });

  it("is decided, shown in the app, and mailed in its own words", async () => {
    const { world, userId, approve } = await scene();
    await approve("*Water* the roses");
    await world.drain();
    expect(await decided(world)).toEqual([`${userId} in_app now`, `${userId} email now`]);
    expect(await notifications(world)).toMatchObject([
      {
        title: "Approved: *Water* the roses",
        body: "**Ines** approved **\\*Water\\* the roses**.",
        link: "/tasks/1",
      },
    ]);
    expect(world.mailbox).toHaveLength(1);
    const [email] = world.mailbox;
    expect(email!.subject).toBe("Approved: *Water* the roses");
    expect(email!.text).toContain("View the task: https://app.test/tasks/1");
    expect(email!.text).toContain("You get this because you completed this task.");
    expect(email!.html).toContain("Approved tasks");
    expect(await deliveryStates(world)).toEqual(["sent"]);
  });

  it("is a section of a digest", async () => {
    const { world, userId, approve, fanOut } = await scene();
    await notificationSettings(world, userId, { frequency: "hourly" });
    for (const title of ["Roses", "Tulips"]) await approve(title);
    await fanOut();
    expect(await decided(world)).toContain(`${userId} email digested hourly frequency`);
    world.at("2026-03-02T19:00:00Z");
    await world.query("update deliveries set decided_at = $1", [TEN]);
    await world.perform(emailDigest, {});
    await world.drain();
    expect(world.mailbox).toHaveLength(1);
    expect(world.mailbox[0]!.text).toContain("Approved tasks\n* Approved: Roses\n");
    expect(await deliveryStates(world)).toEqual(["sent", "sent"]);
  });

  it("is in German for a German reader, from its own file", async () => {
    const { world, approve } = await scene();
    await world.query("update users set language = 'de'");
    await approve("Roses");
    await world.drain();
    const [email] = world.mailbox;
    expect(email!.subject).toBe("Bestätigt: Roses");
    expect(email!.text).toMatch(
      /^Guten Tag Ada,\n\nBestätigt: Roses\n[\s\S]*Aufgabe ansehen: [\s\S]*E-Mails über bestätigte Aufgaben abbestellen/,
    );
  });

  it("is rechecked before it is sent", async () => {
    const { world, approve, fanOut } = await scene();
    await approve("Roses");
    const { withdraw } = await approve("Tulips");
    await fanOut();
    await withdraw();
    await world.perform(emailInstant, {});
    await world.drain();
    expect(world.mailbox.map(({ subject }) => subject)).toEqual(["Approved: Roses"]);
    expect(await deliveryStates(world)).toEqual(["sent", "none: overtaken"]);
  });

  it("can be unsubscribed from by its own link", async () => {
    const { world, approve } = await scene();
    await approve("Roses");
    await world.drain();
    const link = world.mailbox[0]!.headers["List-Unsubscribe"]!.slice(1, -1);
    expect(world.mailbox[0]!.text).toContain(`Unsubscribe from e-mail about approved tasks: ${link}`);
    const page = await fetch(link.replace("https://app.test", await serve(world)), { method: "POST" });
    expect(await page.text()).toContain("e-mail about approved tasks");
    await approve("Tulips");
    await world.drain();
    expect(await deliveryStates(world)).toEqual(["sent", "none: unsubscribed"]);
  });

  it("has a sample in the gallery", () => {
    expect(SAMPLE_NAMES).toContain("task.approved");
    const sample = renderSample("task.approved", "https://x.test");
    expect(sample?.subject).toBe("Approved: Water & weed");
    expect(sample?.html).toContain("Water &amp; weed");
  });
});

describe("CONTRIBUTING", () => {
  const guide = readFileSync(new URL("../../CONTRIBUTING.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/^( *)```ts\n([\s\S]*?)^ *```$/gm)].map(([, indent = "", code = ""]) =>
    code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
  const example = (file: string) => readFileSync(new URL(`./example/${file}`, import.meta.url), "utf8");
  /** The code with the imports that it would have in a folder of src. */
  const within = (folder: string, code: string) =>
    code
      .replaceAll("../../../src/", "../")
      .replaceAll(`"../${folder}/`, '"./')
      .replaceAll('"./tasks.ts"', '"../events/tasks.ts"');
  /** Imports have another order there. */
  const parts = (code: string) => {
    const lines = code.split("\n");
    const isImport = (line: string) => line.startsWith("import ");
    return { imports: lines.filter(isImport).sort(), rest: lines.filter((line) => !isImport(line)) };
  };

  it.each([
    ["tasks.ts", "events"],
    ["task-approved.ts", "notifications"],
  ])("shows the example of this test: %s", (file, folder) => {
    expect(blocks.map(parts)).toContainEqual(parts(within(folder, example(file))));
  });
});
