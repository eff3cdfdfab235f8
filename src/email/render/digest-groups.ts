import { groupBy } from "../../group-by.ts";
import type { Language } from "../../languages/language.ts";
import { phrasesIn } from "../../languages/texts.ts";
import type { EmailWording } from "../../notifications/email-wording.ts";
import type { Item } from "./email.ts";
import { DIGEST_TEXTS } from "./texts.ts";

/** Items of one type. */
export type Section = { readonly wording: EmailWording; readonly items: readonly Item[] };
/** Items of one project, or those without a project. */
export type DigestGroup = {
  readonly name: string;
  readonly sections: readonly Section[];
  readonly count: number;
};

/**
 * Groups items by project, then by type, each in order of first appearance. Items without a project are last.
 */
export function groupsOf(items: readonly Item[], language: Language): DigestGroup[] {
  const forYou = phrasesIn(language, DIGEST_TEXTS).plain("forYou");
  return [...groupBy(items, ({ project }) => project?.id ?? "")]
    .sort(([a], [b]) => Number(a === "") - Number(b === ""))
    .map(([, members]) => ({
      name: members[0]?.project?.name ?? forYou,
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
export function headingOf(items: readonly Item[], language: Language): string {
  const { plain } = phrasesIn(language, DIGEST_TEXTS);
  const count = items.length;
  const names = new Map(
    items.flatMap(({ project }) => (project === null ? [] : [[project.id, project.name]])),
  );
  const [project] = names.values();
  if (project === undefined) return plain("yours", { count });
  const hasMore = items.some((item) => item.project === null);
  if (names.size === 1) return plain(hasMore ? "inProjectAndMore" : "inProject", { count, project });
  return plain(hasMore ? "inProjectsAndMore" : "inProjects", { count, projects: names.size });
}
