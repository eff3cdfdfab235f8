import { expect, it } from "vitest";
import { z } from "zod";
import type { AnyArea } from "../../../src/config/area.ts";
import { sales } from "../../../src/config/sales.ts";
import { search } from "../../../src/config/search.ts";
import { composeText } from "../../../src/dev/docs/compose.ts";

const COMPOSE = `services:
  api:
    environment:
      SCICENT_WEBHOOK_SECRET: \${SCICENT_WEBHOOK_SECRET:?set it}
      # generated: api; of before
      GONE:
      # end of generated
  worker-commissions:
    environment:
      # generated: worker-commissions; of before
      # end of generated
`;

it("lists the variables of each service, without those that are written by hand", () => {
  expect(composeText(COMPOSE, [sales, search])).toBe(`services:
  api:
    environment:
      SCICENT_WEBHOOK_SECRET: \${SCICENT_WEBHOOK_SECRET:?set it}
      # generated: api; change it with npm run docs:generate
      WEBHOOK_ADDRESS_PER_SECOND:
      WEBHOOK_ADDRESS_BURST:
      WEBHOOK_SOURCE_PER_SECOND:
      SEARCHABLE_COMPLETENESS:
      # end of generated
  worker-commissions:
    environment:
      # generated: worker-commissions; change it with npm run docs:generate
      SCICENT_API_URL:
      SCICENT_API_KEY:
      # end of generated
`);
});

it("refuses an area without a rule for which services read it", () => {
  const area = { ...search, variables: { NEW: z.string() } } as unknown as AnyArea;
  expect(() => composeText(COMPOSE, [area])).toThrow("needs a rule");
});
