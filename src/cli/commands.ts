import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/**
 * Adds arguments, options, subcommands and the action to a command that has its name and description.
 * @param wholeProgram loads every command, for callers that list their options.
 */
export type DefineCommand = (
  command: Command,
  terminal: Terminal,
  wholeProgram: () => Promise<Command>,
) => void;

/** What `--help` lists about a command, and how to load the rest of it. */
export type CommandEntry = {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<DefineCommand>;
};

/**
 * All commands, in the order of `--help`. Only the command that runs is loaded: `--help` and `--version` load
 * none.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "start",
    description: "start the service: the roles in ROLES (api, worker, scheduler), until SIGINT or SIGTERM",
    load: async () => (await import("./start.ts")).defineStart,
  },
  {
    name: "migrate",
    description: "migrate the database schema; safe at any time, also from several processes at once",
    load: async () => (await import("./migrate.ts")).defineMigrate,
  },
  {
    name: "doctor",
    description: "check the set-up: configuration, servers, rights, schedules; exit code 1 on a problem",
    load: async () => (await import("./doctor.ts")).defineDoctor,
  },
  {
    name: "grants",
    description: "print the SQL that lets roles of the host emit events, request jobs and read results",
    load: async () => (await import("./grants.ts")).defineGrants,
  },
  {
    name: "connect",
    description: "mirror the host's tables: check and install mapping files, show the state, uninstall",
    load: async () => (await import("./connect.ts")).defineConnect,
  },
  {
    name: "import",
    description: "import rows of the host, or the history of its notifications, from a file",
    load: async () => (await import("./import.ts")).defineImport,
  },
  {
    name: "run",
    description: "run a job now and follow it; `commonwork run <job> --help` lists its options",
    load: async () => (await import("./run.ts")).defineRun,
  },
  {
    name: "runs",
    description: "list the latest runs, newest first, or show one",
    load: async () => (await import("./runs.ts")).defineRuns,
  },
  {
    name: "jobs",
    description: "list the jobs with their queues and schedules; pause a job for a time, or resume it",
    load: async () => (await import("./jobs.ts")).defineJobs,
  },
  {
    name: "queues",
    description: "show the size of every queue: carriers in Redis, entries in Postgres",
    load: async () => (await import("./queues.ts")).defineQueues,
  },
  {
    name: "schedules",
    description: "list the schedules: pattern, time zone, last run, next slot",
    load: async () => (await import("./schedules.ts")).defineSchedules,
  },
  {
    name: "dead",
    description: "list, inspect, retry or discard dead letters",
    load: async () => (await import("./dead.ts")).defineDead,
  },
  {
    name: "events",
    description: "list domain events by their outcome, such as those that were rejected, or show one",
    load: async () => (await import("./events.ts")).defineEvents,
  },
  {
    name: "sale",
    description: "record a token sale by hand, through the same intake as the webhook",
    load: async () => (await import("./sale.ts")).defineSale,
  },
  {
    name: "referral",
    description: "make the owner of a referral code the referrer of a volunteer; cannot be changed later",
    load: async () => (await import("./referral.ts")).defineReferral,
  },
  {
    name: "referral:tree",
    description: "show whom a volunteer referred, directly and indirectly",
    load: async () => (await import("./referral-tree.ts")).defineReferralTree,
  },
  {
    name: "statement",
    description: "show a volunteer's earnings, newest first, and the balance",
    load: async () => (await import("./statement.ts")).defineStatement,
  },
  {
    name: "holds",
    description: "list held commissions, release them or reverse the sale",
    load: async () => (await import("./holds.ts")).defineHolds,
  },
  {
    name: "matches",
    description:
      "list the projects that match a volunteer, or the candidates of a project, or say why there are none",
    load: async () => (await import("./matches.ts")).defineMatches,
  },
  {
    name: "explain",
    description: "recompute a stored figure from its stored inputs and show the steps",
    load: async () => (await import("./explain.ts")).defineExplain,
  },
  {
    name: "calendar",
    description: "connect, disconnect and list calendars of users; re-encrypt their tokens",
    load: async () => (await import("./calendar.ts")).defineCalendar,
  },
  {
    name: "postings:sources",
    description:
      "list the sources of job postings: last success, next fetch, counts, why a source is waiting",
    load: async () => (await import("./postings-sources.ts")).definePostingsSources,
  },
  {
    name: "erase-user",
    description: "erase the personal data of a user everywhere; sales and ledger are kept",
    load: async () => (await import("./erase-user.ts")).defineEraseUser,
  },
  {
    name: "ledger:verify",
    description: "verify the ledger now; exit code 1 when a check fails",
    load: async () => (await import("./ledger-verify.ts")).defineLedgerVerify,
  },
  {
    name: "completion",
    description: "print the completion of commands and options for bash, zsh or fish",
    load: async () => (await import("./completion.ts")).defineCompletion,
  },
  {
    name: "demo",
    description: "run the demo: own servers, 2,000 volunteers, every job once",
    load: async () => (await import("./dev.ts")).defineDemo,
  },
];
