import { formatCounts } from "../format-counts.ts";
import { formatInstant } from "../format-instant.ts";
import { printable, printableJson } from "../printable.ts";
import type { Preview } from "./dry-run.ts";

/** At most this many items of a list are printed. */
const MAX_ITEMS = 20;

/** The result of a dry run as text. */
export function previewText(preview: Preview): string {
  const lines = [
    `Dry run of ${preview.job} for ${formatInstant(preview.now)}. Nothing was consumed, written or sent.`,
    "",
    `  counts    ${formatCounts(preview.counts) || "none"}`,
    ...preview.skipped.map((reason) => `  skipped   ${printable(reason)}`),
    ...(preview.ranges > 0 ? [`  ranges    ${preview.ranges}`] : []),
    ...list("outside calls", preview.requests.map(inOneLine)),
    ...list(
      "decisions",
      preview.remarks.map(({ about, decision }) => printable(`${about}: ${decision}`)),
    ),
    ...list(
      "jobs it would enqueue",
      preview.entries.map(({ job, key, payload }) => `${job} ${key} ${inOneLine(payload)}`),
    ),
    ...list(
      "events it would emit",
      preview.events.map(({ type, payload }) => `${type} ${inOneLine(payload)}`),
    ),
    ...(preview.fault === null ? [] : ["", `  It would fail: ${printable(preview.fault)}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const inOneLine = (value: unknown): string => printableJson(JSON.stringify(value));

function list(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const rest = items.length - MAX_ITEMS;
  return [
    "",
    `  ${title} (${items.length})`,
    ...items.slice(0, MAX_ITEMS).map((item) => `    ${item}`),
    ...(rest > 0 ? [`    and ${rest} more; --json prints all`] : []),
  ];
}
