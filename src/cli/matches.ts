import { type Command, InvalidArgumentError } from "commander";
import { referencesTo } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { type EmptyList, explainNoCandidates, explainNoMatches } from "../project-matching/empty-lists.ts";
import { readOwnMatches } from "../project-matching/own-matches.ts";
import { type MatchView, type Page, readMatchCandidates } from "../project-matching/project-candidates.ts";
import { jsonFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { requireReference, requireUserId, USER_ID_FORMS } from "./references.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { userId?: string; projectId?: string; limit: number; minScore: number; json?: true };

type Listed = { readonly id: string; readonly name: string; readonly match: MatchView };
type List = { readonly listed: readonly Listed[]; readonly empty: EmptyList<string> | null };

/** `commonwork matches`: the matches of a volunteer, or the candidates of a project. */
export function defineMatches(command: Command, terminal: Terminal): void {
  command
    .option("--user-id <id>", `the projects that match this volunteer: ${USER_ID_FORMS}`)
    .option("--project-id <id>", "the candidates of this project: the host's id, or ours where there is none")
    .option("--limit <number>", "how many, best first", integerOption("--limit", 1, 1_000), 20)
    .option("--min-score <share>", "lowest score, from 0 to 1", shareOption, 0.1);
  jsonFlag(command).action(async ({ userId, projectId, limit, minScore, json }: Options) => {
    if ((userId === undefined) === (projectId === undefined))
      throw new CliError("Give either --user-id or --project-id.");
    const page = { limit, minimumScore: minScore };
    const list = await withDatabase(terminal, ({ drizzle: on }) =>
      projectId === undefined ? matchesOf(on, String(userId), page) : candidatesOf(on, projectId, page),
    );
    if (json) return printJson(terminal, jsonOf(list));
    if (list.empty) return printLine(terminal, list.empty.message);
    printTable(
      terminal,
      [
        { title: projectId === undefined ? "Project" : "User", align: "right" },
        { title: "Name" },
        { title: "Match", align: "right" },
        { title: "Reasons" },
      ],
      list.listed.map(({ id, name, match }) => [id, name, `${match.percent} %`, match.reasons.join("; ")]),
      "",
    );
  });
}

async function matchesOf(on: Queryable, given: string, page: Page): Promise<List> {
  const userId = await requireUserId(on, given);
  const matches = await readOwnMatches(on, userId, page);
  const ids = matches.map(({ projectId }) => projectId);
  const idOf = await referencesTo(on, "projects", ids);
  return {
    listed: matches.map(({ projectId, projectName, ...match }) => ({
      id: idOf(projectId),
      name: projectName,
      match,
    })),
    empty: matches.length === 0 ? await explainNoMatches(on, userId) : null,
  };
}

async function candidatesOf(on: Queryable, given: string, page: Page): Promise<List> {
  const projectId = await requireReference(on, "projects", given);
  const candidates = await readMatchCandidates(on, projectId, page);
  const ids = candidates.map(({ userId }) => userId);
  const idOf = await referencesTo(on, "users", ids);
  return {
    listed: candidates.map(({ userId, name, ...match }) => ({ id: idOf(userId), name, match })),
    empty: candidates.length === 0 ? await explainNoCandidates(on, projectId) : null,
  };
}

const jsonOf = ({ listed, empty }: List) => ({
  matches: listed.map(({ id, name, match }) => ({ id, name, ...match })),
  ...(empty ? { empty } : {}),
});

function shareOption(text: string): number {
  const share = Number(text);
  if (text !== "" && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError("--min-score must be a number from 0 to 1.");
}
