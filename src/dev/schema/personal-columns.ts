import type { Rule } from "../../erasure/rule.ts";
import type { CatalogColumn, Constraint, Table } from "./schema-catalog.ts";

// Which columns of the catalogue refer to a person, or may hold personal data.

const PEOPLE = new Set(["users", "volunteers", "volunteer_profiles"]);

/** Columns without a foreign key that hold the id of a person. */
const ID_OF_A_PERSON =
  /(^|_)(user|volunteer|profile|actor|sender|author|owner|organizer|assignee|beneficiary|referrer|lead|applicant|candidate|member|participant|reader|viewer)_id$|(^|_)by$|_lead$|^upline$/;

/** Columns that hold personal data of the row's person. */
const PERSONAL = /^(email|phone|address|address_hash|raw|availability)$/;

/** The columns that a foreign key to a person starts from. */
const referring = ({ constraints }: Table): string[] =>
  constraints.flatMap(({ target, definition }: Constraint) =>
    target !== null && PEOPLE.has(target) ? (/\(([^)]+)\)/.exec(definition)?.[1]?.split(", ") ?? []) : [],
  );

/** The columns that hold ids of persons. */
export const idsOfPersons = (table: Table): string[] => [
  ...new Set([
    ...referring(table),
    ...table.columns.filter(({ name }) => ID_OF_A_PERSON.test(name)).map(({ name }) => name),
  ]),
];

const isDocument = ({ definition }: CatalogColumn): boolean => /^json/.test(definition);

/** The tables, and the columns that refer to a person or may hold personal data, that have no rule. */
export function withoutRule(
  tables: readonly Table[],
  rules: Readonly<Record<string, readonly Rule[]>>,
): string[] {
  return tables.flatMap((table) => {
    const ofTable = rules[table.name];
    if (ofTable === undefined) return [table.name];
    const named = new Set(ofTable.flatMap(({ columns }) => columns));
    // The other columns of a deleted row are deleted with it.
    const isDeleted = ofTable.some(({ does }) => does === "delete");
    const content = isDeleted
      ? []
      : table.columns
          .filter((column) => PERSONAL.test(column.name) || isDocument(column))
          .map(({ name }) => name);
    return [...new Set([...idsOfPersons(table), ...content])]
      .filter((column) => !named.has(column))
      .map((column) => `${table.name}.${column}`);
  });
}
