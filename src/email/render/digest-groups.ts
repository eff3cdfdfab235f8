import { groupBy } from "../../group-by.ts";
import type { EmailWording } from "../../notifications/email-wording.ts";
import type { Item } from "./email.ts";

/** Items of one type. */
export type Section = { readonly wording: EmailWording; readonly items: readonly Item[] };
/** Items of one project, or those without a project. */
export type Group = { readonly name: string; readonly sections: readonly Section[]; readonly count: number };

const WITHOUT_PROJECT = "For you";

/**
 * Groups items by project, then by type, each in order of first appearance. Items without a project are last.
 */
export function groupsOf(items: readonly Item[]): Group[] {
  return [...groupBy(items, ({ project }) => project?.id ?? "")]
    .sort(([a], [b]) => Number(a === "") - Number(b === ""))
    .map(([, members]) => ({
      name: members[0]?.project?.name ?? WITHOUT_PROJECT,
      sections: sectionsOf(members),
      count: members.length,
    }));
}

const sectionsOf = (items: readonly Item[]): Section[] =>
  [...groupBy(items, ({ eventType }) => eventType).values()].flatMap((members) => {
    const [first] = members;
    return first === undefined ? [] : [{ wording: first.wording, items: members }];
  });

/** `14 updates in Gardens and more`. */
export function headingOf(items: readonly Item[]): string {
  const names = new Map(
    items.flatMap(({ project }) => (project === null ? [] : [[project.id, project.name]])),
  );
  const [name] = names.values();
  if (name === undefined) return `${items.length} updates for you`;
  const where = names.size === 1 ? name : `${names.size} projects`;
  const more = items.some(({ project }) => project === null) ? " and more" : "";
  return `${items.length} updates in ${where}${more}`;
}
