import type { Explanation } from "../../../explain/explanation.ts";
import { type Html, html } from "../../../html.ts";
import { notice, sentenceHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

/** A recomputed figure: whether it agrees with the stored one, and its derivation. */
export const explanationHtml = ({ agrees, faults, steps }: Explanation): Html => html`${
  agrees ? null : notice(`The stored figure differs from the recomputed one. ${faults.join(". ")}.`, "bad")
}
${table({
  caption: "Steps of the calculation",
  columns: [{ title: "Step", kind: "fixed" }, "How"],
  rows: steps.map(({ what, how }) => [what, sentenceHtml(how)]),
  empty: "There are no steps.",
})}`;
