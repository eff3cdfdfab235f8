import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import { ALERT_RULES } from "../../alerts/rules.ts";
import { fullProgram } from "../../cli/program.ts";
import { AREAS } from "../../config/config.ts";
import { HOST_TABLES } from "../../connect/host-tables.ts";
import { RESULT_VIEWS } from "../../db/results/views.ts";
import { ERASURE_RULES } from "../../erasure/rules.ts";
import * as hostEvents from "../../events/host.ts";
import { notificationTypeOf } from "../../notifications/type-of-event.ts";
import { timetable } from "../../schedules/timetable.ts";
import { catalogue } from "../../workers/index.ts";
import { WORKFLOWS } from "../../workers/maintenance/workflows.ts";
import { SUBSCRIBERS } from "../../workers/notifications/fan-out/subscribers.ts";
import { alertRuleTable, prometheusRules } from "./alerts.ts";
import { commandSections } from "./commands.ts";
import { composeText } from "./compose.ts";
import { erasureTable } from "./erasure.ts";
import { type Consequences, eventTable } from "./events.ts";
import {
  type FolderGroup,
  folderGraph,
  folderPicture,
  folderTable,
  type Import,
  importsIn,
  listingFaults,
} from "./folder-graph.ts";
import { grafanaDashboard } from "./grafana.ts";
import { hostTablesText } from "./host-tables.ts";
import { jobSections, jobTable, scheduleTable, workflowTable } from "./jobs.ts";
import { markdownTable } from "./markdown-table.ts";
import { openApiDocument } from "./openapi.ts";
import { replacePart } from "./replace-part.ts";
import { resultSections } from "./results.ts";
import { envExample, variableTables } from "./variables.ts";

type File = { readonly file: string; readonly text: string };

/** The sources of the parts that are not generated from declarations. */
type Sources = {
  readonly folders: Folders;
  readonly decisions: string;
  readonly commands: string;
  readonly schema: string;
};

/** The generated parts of the pages in docs. */
const PARTS: readonly {
  readonly file: string;
  readonly part: string;
  readonly text: (sources: Sources) => string;
}[] = [
  { file: "docs/configuration.md", part: "variables", text: () => variableTables(AREAS) },
  { file: "docs/jobs.md", part: "jobs", text: () => jobTable(catalogue.jobs, timetable) },
  { file: "docs/jobs.md", part: "schedules", text: () => scheduleTable(timetable) },
  { file: "docs/jobs.md", part: "workflows", text: () => workflowTable(WORKFLOWS) },
  { file: "docs/jobs.md", part: "details", text: () => jobSections(catalogue.jobs, timetable, eventsFor) },
  {
    file: "docs/connect.md",
    part: "events",
    text: () => eventTable(Object.values(hostEvents), consequencesOf),
  },
  { file: "docs/reference/commands.md", part: "commands", text: ({ commands }) => commands },
  { file: "docs/operations/privacy.md", part: "tables", text: () => erasureTable(ERASURE_RULES) },
  { file: "docs/operations/index.md", part: "alerts", text: () => alertRuleTable(ALERT_RULES) },
  { file: "docs/reference/results.md", part: "views", text: () => resultSections(RESULT_VIEWS) },
  { file: "docs/connect.md", part: "tables", text: ({ schema }) => hostTablesText(HOST_TABLES, schema) },
  { file: "docs/architecture.md", part: "picture", text: ({ folders }) => folders.picture },
  { file: "docs/architecture.md", part: "folders", text: ({ folders }) => folders.table },
  { file: "docs/decisions/index.md", part: "decisions", text: ({ decisions }) => decisions },
];

const eventsFor = (job: { readonly name: string }): string[] => [
  ...new Set(SUBSCRIBERS.filter(({ jobName }) => jobName === job.name).map(({ eventType }) => eventType)),
];

const consequencesOf = (type: string): Consequences => ({
  notified: notificationTypeOf(type)?.to ?? null,
  email: notificationTypeOf(type)?.email?.kind ?? null,
  recipientTables: notificationTypeOf(type)?.recipientTables ?? [],
  jobs: [...new Set(SUBSCRIBERS.filter(({ eventType }) => eventType === type).map(({ jobName }) => jobName))],
});

type Folders = { readonly picture: string; readonly table: string };

const ROOT = new URL("../../../", import.meta.url);

const read = (file: string): Promise<string> => readFile(new URL(file, ROOT), "utf8");

/** The files that are generated, or have generated parts, with their whole text. */
export async function generatedFiles(): Promise<File[]> {
  const { groups } = JSON.parse(await read("src/dev/docs/folders.json")) as { groups: FolderGroup[] };
  const sources = {
    folders: await foldersOf(groups),
    decisions: await decisionTable(),
    commands: commandSections(await fullProgram()),
    schema: await read("drizzle/schema.sql"),
  };
  const pages = new Map<string, string>();
  for (const { file, part, text } of PARTS) {
    pages.set(file, replacePart(pages.get(file) ?? (await read(file)), part, text(sources)));
  }
  const openApi = openApiDocument([await read("docs/api.md"), await read("docs/webhooks.md")]);
  return [
    { file: "docs/openapi.json", text: openApi },
    { file: ".env.example", text: envExample(AREAS) },
    { file: "docker-compose.yml", text: composeText(await read("docker-compose.yml"), AREAS) },
    { file: "deploy/prometheus/commonwork.rules.yml", text: prometheusRules(ALERT_RULES) },
    { file: "deploy/grafana/commonwork.json", text: grafanaDashboard(ALERT_RULES) },
    ...[...pages].map(([file, text]) => ({ file, text })),
  ];
}

/** @throws Error if a folder is not listed in a group. */
async function foldersOf(groups: readonly FolderGroup[]): Promise<Folders> {
  const graph = folderGraph(await importsOfSource());
  const faults = listingFaults(graph, groups);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { picture: folderPicture(graph, groups), table: folderTable(groups) };
}

/** Every import between files of src, type-only ones included. */
async function importsOfSource(): Promise<Import[]> {
  const { output } = await cruise(["src"], {
    doNotFollow: { path: "node_modules" },
    includeOnly: "^src/",
    tsPreCompilationDeps: true,
    baseDir: fileURLToPath(ROOT),
  });
  if (typeof output === "string") throw new Error("dependency-cruiser answered with text");
  return importsIn(output.modules);
}

/** The pages of decisions, by their headings. */
async function decisionTable(): Promise<string> {
  const files = (await readdir(new URL("docs/decisions", ROOT)))
    .filter((file) => /^\d{4}-/.test(file))
    .sort();
  const rows = await Promise.all(
    files.map(async (file) => {
      const [, number = "", title = ""] =
        /^# (\d{4}) (.*)$/m.exec(await read(`docs/decisions/${file}`)) ?? [];
      return [`[${number}](${file})`, title];
    }),
  );
  return markdownTable(["Number", "Decision"], rows);
}
