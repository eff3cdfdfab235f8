import { seededRandom } from "../../random.ts";

/** A volunteer to create. Indexes count from 0 in the order of joining. */
export type PlannedVolunteer = {
  readonly name: string;
  /** Index into the organizations. */
  readonly organization: number;
  /** Index of an earlier volunteer of the same organization, or null. */
  readonly referrer: number | null;
  readonly joinedAt: Date;
  readonly referralCode: string;
};

/** On any day, the last 15 days contain a whole week, and the last 63 a whole month. */
export const ORGANIZATIONS = [
  { name: "Demo: Harbour Kitchen", timeZone: "Europe/Berlin", budgetsWaitDays: 63 },
  { name: "Demo: Open Streets", timeZone: "America/New_York", budgetsWaitDays: 15 },
  { name: "Demo: River Watch", timeZone: "Asia/Kolkata", budgetsWaitDays: 15 },
] as const;

const FIRST_NAMES =
  "Amina Bela Chidi Dana Elif Farid Grace Hana Ivo Jonas Kaja Lena Mateo Nadia Oskar Priya Quentin Rosa Samir Tala Uma Viktor Wanda Yusuf Zora".split(
    " ",
  );
const LAST_NAMES =
  "Adeyemi Bauer Castillo Dvorak Eriksen Fontaine Gupta Haddad Ivanova Jensen Kowalski Larsson Moreau Novak Okafor Petrov Quintero Rossi Santos Tanaka Ulrich Varga Weber Yilmaz Zhang".split(
    " ",
  );

const DAY_MS = 24 * 3_600_000;
/**
 * The community grew over three years. Nobody joined in the last ten weeks, since young profiles would hold
 * commissions.
 */
const FIRST_JOINED_DAYS_AGO = 3 * 365;
const LAST_JOINED_DAYS_AGO = 70;
const REFERRED_SHARE = 0.9;
/**
 * How often the referrer is a well-connected member instead of a random one. Few refer many, most refer
 * nobody.
 */
const WELL_CONNECTED_SHARE = 0.45;

/**
 * Draws a community with referral trees that grow by preferential attachment: most new members were referred
 * by an earlier one, and those who have referred somebody refer more. Trees are about ten levels deep. The
 * same seed gives the same people.
 */
export function planCommunity(size: number, seed: number, now: Date): PlannedVolunteer[] {
  const random = seededRandom(seed);
  const volunteers: PlannedVolunteer[] = [];
  const members: number[][] = ORGANIZATIONS.map(() => []);
  const first = now.getTime() - FIRST_JOINED_DAYS_AGO * DAY_MS;
  const span = (FIRST_JOINED_DAYS_AGO - LAST_JOINED_DAYS_AGO) * DAY_MS;
  for (let index = 0; index < size; index++) {
    const organization = random.between(0, ORGANIZATIONS.length - 1);
    const earlier = members[organization] ?? [];
    let referrer: number | null = null;
    if (earlier.length > 0 && random.next() < REFERRED_SHARE) {
      referrer = random.pick(earlier);
      if (random.next() < WELL_CONNECTED_SHARE) referrer = volunteers[referrer]?.referrer ?? referrer;
    }
    volunteers.push({
      name: `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`,
      organization,
      referrer,
      joinedAt: new Date(first + Math.floor((span * index) / Math.max(size, 1))),
      referralCode: codeFrom(() => random.between(0, ALPHABET.length - 1)),
    });
    earlier.push(index);
  }
  return volunteers;
}

const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH = 8;

const codeFrom = (draw: () => number): string =>
  Array.from({ length: CODE_LENGTH }, () => ALPHABET.charAt(draw())).join("");

/** The number of referrers above each volunteer. */
export function depthsOf(volunteers: readonly PlannedVolunteer[]): number[] {
  const depths: number[] = [];
  for (const { referrer } of volunteers) depths.push(referrer === null ? 0 : (depths[referrer] ?? 0) + 1);
  return depths;
}
