import { type Html, html } from "../../../html.ts";
import type { EntryGroup, GroupedEntries } from "../../../queues/entries.ts";
import { formatCount } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

/** Jobs, or errors, that are named; the entries of the others are counted together. */
const NAMED = 10;

/** How many entries there are of each job and with each error, the most frequent first. */
export const groupTables = (groups: readonly GroupedEntries[], matching: number): Html =>
  html`<div class="split">${groupTable(
    "By job",
    merged(groups.map(({ jobs }) => jobs)),
    matching,
  )}${groupTable("By error", merged(groups.map(({ errors }) => errors)), matching)}</div>`;

/** The groups of several searches, whose entries differ. */
function merged(all: readonly (readonly EntryGroup[])[]): EntryGroup[] {
  const counts = new Map<string | null, number>();
  for (const { name, count } of all.flat()) counts.set(name, (counts.get(name) ?? 0) + count);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
}

function groupTable(title: string, groups: readonly EntryGroup[], matching: number): Html {
  const named = groups.slice(0, NAMED);
  const others = matching - named.reduce((all, { count }) => all + count, 0);
  return table({
    caption: `Entries that match, ${title.toLowerCase()}`,
    columns: [
      { title, kind: "long" },
      { title: "Entries", kind: "number" },
    ],
    rows: [
      ...named.map(({ name, count }) => [
        name ?? html`<span class="dim">no error</span>`,
        formatCount(count),
      ]),
      ...(others > 0 ? [[html`<span class="dim">others</span>`, formatCount(others)]] : []),
    ],
    empty: "",
  });
}
