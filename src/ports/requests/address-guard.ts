import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { FetchFailed } from "./fetch-failed.ts";

/** Resolves a name to its addresses. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Resolves a name with the operating system. */
export const resolveWithSystem: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/** Which addresses may be connected to: public ones, and others only where the operator says so. */
export type AddressPolicy = {
  /** This machine: for tests and the demo, and for servers of the operator. */
  readonly allowLoopback: boolean;
  /** Private networks: for servers of the operator. */
  readonly allowPrivate?: boolean;
};

const PRIVATE_RANGES: ReadonlySet<string> = new Set(["private", "uniqueLocal", "carrierGradeNat"]);

/**
 * Whether an address is public. Private, link-local, shared, reserved, documentation and multicast ranges are
 * not, nor are IPv6 addresses that embed an IPv4 address which is not.
 */
export function isAllowedAddress(
  address: string,
  { allowLoopback, allowPrivate = false }: AddressPolicy,
): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (allowPrivate && PRIVATE_RANGES.has(range)) return true;
  return range === "unicast" || (allowLoopback && range === "loopback");
}

/** Of a URL. Addresses of pages are shorter, and rules of robots.txt are compared with them. */
const MAX_LENGTH = 2_000;

/**
 * Refuses URLs that name an address which is not allowed, in any notation: the URL parser has turned decimal
 * and octal ones into the usual one. Names are checked when they are resolved.
 *
 * @throws FetchFailed
 */
export function checkUrl(url: URL, policy: AddressPolicy): void {
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new FetchFailed("protocol");
  if (url.href.length > MAX_LENGTH) throw new FetchFailed("long-url");
  if (url.username !== "" || url.password !== "") throw new FetchFailed("credentials-in-url");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host) && !isAllowedAddress(host, policy)) throw new FetchFailed("private-address");
}

/**
 * The look-up of a connection. The addresses that it checks are those that are connected to, so a name that
 * resolves to another address a moment later does not get around the check.
 */
export function guardedLookup(resolve: Resolve, policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new FetchFailed("unknown-host"), "", 0);
        if (!addresses.every(({ address }) => isAllowedAddress(address, policy)))
          return callback(new FetchFailed("private-address"), "", 0);
        if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      () => callback(new FetchFailed("unknown-host"), "", 0),
    );
  };
}
