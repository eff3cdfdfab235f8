import { openFields, readAmount, readTransactionId, type SaleFault } from "./read-sale.ts";

/** A refund as the seller sent it, with every value checked. */
type WrittenRefund = {
  /** The seller's id of the refund. */
  readonly externalId: string;
  /** The seller's id of the sale. */
  readonly saleExternalId: string;
  readonly amountMicro: bigint;
};

export type ReadRefund =
  | { readonly kind: "refund"; readonly refund: WrittenRefund }
  | { readonly kind: "faults"; readonly faults: SaleFault[] };

/**
 * Reads the body of a refund: `{ refund_id, transaction_id, amount }`. Unknown fields are ignored. Lists
 * every fault, not only the first. Pure; never throws. Documented in docs/webhooks.md.
 */
export function readRefund(raw: Buffer): ReadRefund {
  const { read, faults } = openFields(raw);
  const externalId = read("refund_id", readTransactionId);
  const saleExternalId = read("transaction_id", readTransactionId);
  const amountMicro = read("amount", readAmount);
  if (externalId === undefined || saleExternalId === undefined || amountMicro === undefined)
    return { kind: "faults", faults };
  return { kind: "refund", refund: { externalId, saleExternalId, amountMicro } };
}
