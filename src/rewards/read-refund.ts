import { type Field, readAmount, readObject, readTransactionId, type SaleFault } from "./read-sale.ts";

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
  const body = readObject(raw);
  if ("fault" in body) return { kind: "faults", faults: [{ field: "body", fault: body.fault }] };
  const faults: SaleFault[] = [];
  const read = <T>(name: string, check: (value: unknown) => Field<T>): T | undefined => {
    const field = check(Object.hasOwn(body.value, name) ? body.value[name] : undefined);
    if ("value" in field) return field.value;
    faults.push({ field: name, fault: field.fault });
    return undefined;
  };
  const externalId = read("refund_id", readTransactionId);
  const saleExternalId = read("transaction_id", readTransactionId);
  const amountMicro = read("amount", readAmount);
  if (externalId === undefined || saleExternalId === undefined || amountMicro === undefined)
    return { kind: "faults", faults };
  return { kind: "refund", refund: { externalId, saleExternalId, amountMicro } };
}
