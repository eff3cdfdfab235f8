import { resolveReference } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { isBuyerNumber, readBuyerNumber } from "./buyers.ts";
import type { ReadSale } from "./read-sale.ts";

/**
 * Replaces the host's id of a buyer that is a text by the number of the user. A sale with a number may come
 * before its user; one with a text may not, since there would be nothing to find the user by.
 */
export async function numberBuyer(on: Queryable, read: ReadSale): Promise<ReadSale> {
  if (read.kind === "faults" || isBuyerNumber(read.sale.buyerUserId)) return read;
  const userId = await resolveReference(on, "users", read.sale.buyerUserId, { ownIds: false });
  const number = userId === null ? null : await readBuyerNumber(on, userId);
  if (number !== null) return { kind: "sale", sale: { ...read.sale, buyerUserId: number } };
  const fault = "is not the id of a user; send the sale again once the user exists";
  return { kind: "faults", faults: [{ field: "user_id", fault }] };
}
