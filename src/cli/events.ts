import { type Command, Option } from "commander";
import { eventOutcomes } from "../db/schema/events.ts";
import { formatInstant } from "../format-instant.ts";
import { isId } from "../ids.ts";
import { type EventOutcome, listEvents } from "../notifications/event-outcomes.ts";
import { jsonFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printTable } from "./print.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { outcome: EventOutcome; type?: string; before?: string; limit: number; json?: true };

/** `commonwork events list`: domain events by outcome, without their payloads. */
export function defineEvents(command: Command, terminal: Terminal): void {
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
        { title: "Fields" },
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
