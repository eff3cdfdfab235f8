import type { Preview } from "../queues/dry-run.ts";
import { formatCounts, formatInstant } from "./table.ts";

const SHOWN = 20;

/** A dry run in words: what would have happened, and that it did not. */
export function previewText(preview: Preview): string {
  const lines = [
    `Dry run of ${preview.job} for ${formatInstant(preview.now)}. Nothing was consumed, written or sent.`,
    "",
    `  counted   ${formatCounts(preview.counts) || "nothing"}`,
    ...preview.skipped.map((reason) => `  skipped   ${reason}`),
    ...(preview.ranges > 0 ? [`  ranges    ${preview.ranges}`] : []),
    ...list("calls it would make", preview.requests.map(inOneLine)),
    ...list(
      "what it decided",
      preview.remarks.map(({ about, decision }) => `${about}: ${decision}`),
    ),
    ...list(
      "work it would ask for",
      preview.entries.map(({ job, key, payload }) => `${job} ${key} ${inOneLine(payload)}`),
    ),
    ...list(
      "events it would emit",
      preview.events.map(({ type, payload }) => `${type} ${inOneLine(payload)}`),
    ),
    ...(preview.fault === null ? [] : ["", `  It would have failed: ${preview.fault}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const inOneLine = (value: unknown): string => JSON.stringify(value);

function list(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const rest = items.length - SHOWN;
  return [
    "",
    `  ${title} (${items.length})`,
    ...items.slice(0, SHOWN).map((item) => `    ${item}`),
    ...(rest > 0 ? [`    and ${rest} more; --json prints them all`] : []),
  ];
}
