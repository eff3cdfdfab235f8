import type { ResultView } from "../../db/results/result-view.ts";
import { markdownTable } from "./markdown-table.ts";

/** The views of results with their columns, for docs/reference/results.md. */
export const resultSections = (views: readonly ResultView[]): string =>
  views
    .map(({ name, about, columns, lookups }) =>
      [
        `### \`${name}\``,
        `${about} Rows are found by ${lookups.map((column) => `\`${column}\``).join(", ")} without reading the whole table.`,
        markdownTable(
          ["Column", "Type", ""],
          Object.entries(columns).map(([column, [type, what]]) => [`\`${column}\``, `\`${type}\``, what]),
        ),
      ].join("\n\n"),
    )
    .join("\n\n");
