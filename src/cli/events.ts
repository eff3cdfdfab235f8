import { type Command, Option } from "commander";
import { eventOutcomes } from "../db/schema/events.ts";
import { formatInstant } from "../format-instant.ts";
import { isId } from "../ids.ts";
import { countForEvent } from "../notifications/decision-log.ts";
import { describeOutcome } from "../notifications/describe-outcome.ts";
import { type EventOutcome, listEvents } from "../notifications/event-outcomes.ts";
import { findEvent } from "../notifications/find-event.ts";
import { jsonFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printTable } from "./print.ts";
import { formatFacts } from "./table.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { outcome: EventOutcome; type?: string; before?: string; limit: number; json?: true };

/** `commonwork events list|show`: domain events and their outcomes, without their payloads. */
export function defineEvents(command: Command, terminal: Terminal): void {
  defineList(command, terminal);
  defineShow(command, terminal);
}

function defineShow(command: Command, terminal: Terminal): void {
  const show = command
    .command("show")
    .argument("<event>", "its id: yours, or ours")
    .description("show an event: what became of it and why, and how many deliveries were decided");
  jsonFlag(show).action(async (id: string, { json }: { json?: true }) => {
    const [event, decisions] = await withDatabase(terminal, async ({ drizzle }) => {
      const found = await findEvent(drizzle, id);
      if (found === undefined) throw new CliError(`There is no event ${id}. Old events are deleted.`);
      return [found, (await countForEvent(drizzle, found.id)).counts] as const;
    });
    const meaning = describeOutcome(event);
    if (json) return printJson(terminal, { ...event, meaning, decisions });
    const { type, hostId, outcome, occurredAt, decidedAt } = event;
    terminal.write(
      formatFacts({
        event: hostId === null ? event.id : `${event.id} (${hostId})`,
        type,
        occurred: formatInstant(occurredAt),
        decided: formatInstant(decidedAt),
        outcome: `${outcome ?? "not decided yet"}. ${meaning}`,
      }),
    );
    printTable(
      terminal,
      [
        { title: "Channel" },
        { title: "Decision" },
        { title: "Reason" },
        { title: "Deliveries", align: "right" },
      ],
      decisions.map(({ channel, decision, reason, count }) => [channel, decision, reason, count]),
      "There are no deliveries.",
    );
  });
}

function defineList(command: Command, terminal: Terminal): void {
  const list = command.command("list").description("list events with one outcome, newest first");
  list
    .addOption(
      new Option("--outcome <outcome>", "the outcome")
        .choices(eventOutcomes.outcome.enumValues)
        .default("rejected"),
    )
    .option("--type <type>", "only events of this type")
    .option("--before <event>", "only events before this one, for paging")
    .option("--limit <number>", "how many", integerOption("--limit", 1, 10_000), 50);
  jsonFlag(list).action(async ({ json, ...page }: Options) => {
    if (page.before !== undefined && !isId(page.before))
      throw new CliError(`The id of an event is a number, not "${page.before}".`);
    const events = await withDatabase(terminal, (db) => listEvents(db.drizzle, page));
    if (json) return printJson(terminal, events);
    printTable(
      terminal,
      [
        { title: "Event", align: "right" },
        { title: "Type" },
        { title: "Occurred" },
        { title: "Decided" },
        { title: "Reason" },
      ],
      events.map(({ id, type, occurredAt, decidedAt, reason }) => [
        id,
        type,
        formatInstant(occurredAt),
        formatInstant(decidedAt),
        reason,
      ]),
      `No events are ${page.outcome}.`,
    );
  });
}
