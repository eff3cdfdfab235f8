import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import type { Catalogue } from "../../../queues/catalogue.ts";
import { type EntryDetails, isInOutbox, type LedTo } from "../../../queues/entries.ts";
import { codeHtml, section } from "../frame/elements.ts";
import { entryTable } from "./entry-table.ts";
import { eventLinks } from "./subjects.ts";

/** The prefix of the keys of entries that a host created with `enqueue` or `emit` in SQL. */
const HOST_KEY = "sql:";

/** Where an entry came from: its run, the entry or the events that enqueued it, or a host. */
export async function originHtml(on: Queryable, catalogue: Catalogue, entry: EntryDetails): Promise<Html> {
  const { run, causedBy, causedByJob, key, payload } = entry;
  if (run !== null) return html`<a href="/admin/runs/${run}">Run ${run}</a>`;
  if (causedBy !== null) {
    const isKept = await isInOutbox(on, causedBy);
    return html`${isKept ? html`<a href="/admin/work/${causedBy}">Entry ${causedBy}</a>` : `Entry ${causedBy}`} of ${codeHtml(causedByJob ?? "?")}${
      isGrouped(catalogue, causedByJob) ? ", or another one that was settled together with it" : null
    }${isKept ? null : html`<small>It is settled and no longer kept.</small>`}`;
  }
  const events = eventLinks(payload);
  if (events.length > 0) return html`${events.map((link) => html`${link} `)}`;
  if (key.startsWith(HOST_KEY)) return html`The host, in SQL`;
  return html`<span class="dim">No other work: a webhook call, a host or an operator, or an older version, which did not record it</span>`;
}

const isGrouped = (catalogue: Catalogue, name: string | null): boolean =>
  name !== null && catalogue.find(name)?.job.form === "batch";

/** What an entry has enqueued that is not settled yet, and where to look for the rest. */
export type LedToView = {
  readonly ledTo: LedTo;
  /** Links to what the entry is about; none where that is not known any more. */
  readonly about: readonly Html[];
  /** Shown when nothing is listed. */
  readonly empty: string;
};

export const ledToHtml = ({ ledTo: { entries, isPartial }, about, empty }: LedToView, now: Date): Html =>
  section(
    "What it led to",
    html`${entryTable(entries, now, empty)}${isPartial ? html`<p class="dim">Not all later entries were read: there may be more.</p>` : null}
<p class="dim">Only what is not settled is listed: an entry is deleted by the transaction that does its work. What settled entries did is shown where it is kept: ${
      about.length > 0 ? listed(about) : KEPT_AT
    }.</p>`,
  );

const listed = (links: readonly Html[]): Html =>
  html`${links.map((link, index) => html`${index > 0 ? "; " : ""}${link}`)}`;

const KEPT_AT = html`a <a href="/admin/sales">sale</a> with its ledger entries, a <a href="/admin/runs">run</a> with what it changed, the <a href="/admin/notifications/why">decisions about an event or a user</a>`;
