import { QUANTUM_MICRO, roundHalfUp } from "../money.ts";
import { allocateQuanta } from "./allocate.ts";

/** A commission line: the amount paid, and the part that earlier refunds took back. */
export type RefundedLine = {
  readonly level: number;
  readonly amountMicro: bigint;
  readonly reversedMicro: bigint;
};

export type RefundFacts = {
  /** The amount of the sale that the commissions were decided on. */
  readonly saleMicro: bigint;
  /** The part of it that was refunded before. */
  readonly refundedMicro: bigint;
  /** The amount refunded now. */
  readonly refundMicro: bigint;
  readonly lines: readonly RefundedLine[];
};

/**
 * taken back so far = total of the lines x refunded so far / sale, half up to 0.01, and all of it once all of
 * the sale is refunded. The increase by a refund is split over the lines by largest remainder of their
 * remaining amounts.
 *
 * All in millionths. No line is taken back by more than is left of it, whatever the order and the amounts of
 * refunds, and refunds that add up to the sale take back all of every line. A refund may take back nothing,
 * when its part is below half of 0.01.
 *
 * @returns what is taken back of each line, in the order of `lines`.
 * @throws RangeError for a refund that is not above 0, or more than is left of the sale.
 */
export function refundShares({ saleMicro, refundedMicro, refundMicro, lines }: RefundFacts): bigint[] {
  if (refundMicro <= 0n) throw new RangeError("a refund is not above 0");
  const refunded = refundedMicro + refundMicro;
  if (refunded > saleMicro) throw new RangeError("a refund is more than is left of the sale");
  const total = lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
  const before = lines.reduce((sum, { reversedMicro }) => sum + reversedMicro, 0n);
  const left = lines.map(({ amountMicro, reversedMicro }) => amountMicro - reversedMicro);
  return allocateQuanta(
    takenBack(total, refunded, saleMicro) - before,
    left,
    lines.map(({ level }) => String(level)),
  );
}

const takenBack = (totalMicro: bigint, refundedMicro: bigint, saleMicro: bigint): bigint =>
  refundedMicro === saleMicro
    ? totalMicro
    : roundHalfUp(totalMicro * refundedMicro, saleMicro * QUANTUM_MICRO) * QUANTUM_MICRO;
