import type { Bits } from "./skill-block.ts";

/** Number of sets that are added up in one pass. */
const GROUP = 8;
/** Bits of a count: enough for the 500 required skills that a project may have. */
const PLANES = 9;

/** Counts for each person how many of the given sets contain them, 32 people per operation. */
export type BitCounter = {
  /** Replaces the counts. @param sets at most 511, each as long as the counter. */
  count(sets: readonly Bits[]): void;
  /** Sets in `into` the bits of those who are in at least `least` of the counted sets; everybody for 0. */
  atLeast(least: number, into: Bits): void;
};

/**
 * Opens a counter for `words` words. Counts are bit-sliced: plane p holds bit p of every count, so that one
 * logical operation adds for 32 people. Source: carry-save adders, Warren, Hacker's Delight, 2nd ed., section
 * 5-1.
 */
export function openBitCounter(words: number): BitCounter {
  const planes = Array.from({ length: PLANES }, () => new Uint32Array(words));
  const group = Array.from({ length: 4 }, () => new Uint32Array(words));
  const nobody = new Uint32Array(words);
  let used = 0;

  return {
    count(sets) {
      used = Math.max(4, 32 - Math.clz32(sets.length));
      for (const plane of planes.slice(4, used)) plane.fill(0);
      countEight(sets, nobody, planes);
      for (let from = GROUP; from < sets.length; from += GROUP) {
        countEight(sets.slice(from, from + GROUP), nobody, group);
        addTo(planes, group, used);
      }
    },
    atLeast(least, into) {
      if (least >= 1 << used) into.fill(0);
      else compare(planes, used, least, into);
    },
  };
}

/** Writes the counts of up to eight sets into four planes. */
function countEight(sets: readonly Bits[], nobody: Bits, planes: readonly Bits[]): void {
  const [a = nobody, b = nobody, c = nobody, d = nobody, e = nobody, f = nobody, g = nobody, h = nobody] =
    sets;
  const [ones, twos, fours, eights] = planes as [Bits, Bits, Bits, Bits];
  for (let w = 0; w < ones.length; w++) {
    const aw = a[w] as number;
    const bw = b[w] as number;
    const cw = c[w] as number;
    const ab = aw ^ bw;
    const abc = ab ^ cw;
    const carryAbc = (aw & bw) | (ab & cw);
    const dw = d[w] as number;
    const ew = e[w] as number;
    const fw = f[w] as number;
    const de = dw ^ ew;
    const def = de ^ fw;
    const carryDef = (dw & ew) | (de & fw);
    const gw = g[w] as number;
    const six = abc ^ def;
    const seven = six ^ gw;
    const carrySeven = (abc & def) | (six & gw);
    const hw = h[w] as number;
    ones[w] = seven ^ hw;
    const carryEight = seven & hw;
    const pair = carryAbc ^ carryDef;
    const three = pair ^ carrySeven;
    const carryThree = (carryAbc & carryDef) | (pair & carrySeven);
    twos[w] = three ^ carryEight;
    const carryFour = three & carryEight;
    fours[w] = carryThree ^ carryFour;
    eights[w] = carryThree & carryFour;
  }
}

/** Adds the counts in `group` (four planes) to those in the first `used` planes. */
function addTo(planes: readonly Bits[], group: readonly Bits[], used: number): void {
  const words = (planes[0] as Bits).length;
  for (let w = 0; w < words; w++) {
    let carry = 0;
    for (let p = 0; p < used; p++) {
      const plane = planes[p] as Bits;
      const a = plane[w] as number;
      const b = p < group.length ? ((group[p] as Bits)[w] as number) : 0;
      const ab = a ^ b;
      plane[w] = ab ^ carry;
      carry = (a & b) | (ab & carry);
    }
  }
}

/**
 * Sets in `into` the bits of counts >= `least`: from the highest plane down, tracks which counts are above
 * and which are equal so far.
 */
function compare(planes: readonly Bits[], used: number, least: number, into: Bits): void {
  for (let w = 0; w < into.length; w++) {
    let above = 0;
    let equal = -1;
    for (let p = used - 1; p >= 0; p--) {
      const bits = (planes[p] as Bits)[w] as number;
      if ((least >>> p) & 1) equal &= bits;
      else {
        above |= equal & bits;
        equal &= ~bits;
      }
    }
    into[w] = above | equal;
  }
}
