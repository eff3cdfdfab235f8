/** An address, and the name in front of it if there is one. */
export type Mailbox = { readonly name: string | null; readonly address: string };

/** RFC 5321: an address has at most 254 bytes, and its part before the @ at most 64. */
const MAX_ADDRESS_BYTES = 254;
const MAX_LOCAL_BYTES = 64;

/**
 * Dot-separated atoms, an @, and a domain of labels. Letters beyond ASCII are allowed. Quoted local parts,
 * comments and address literals are not: no mailbox of a person has them, and mail servers disagree about
 * them.
 */
const ADDRESS =
  /^(?<local>[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*)@[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?(?:\.[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?)*$/u;

/**
 * The one address that a text is, without surrounding white space; null if it is none, or holds a list, a
 * name or anything else that a mail server could read as several recipients.
 */
export function addressIn(text: string): string | null {
  const address = text.trim();
  const bytes = new TextEncoder();
  if (bytes.encode(address).length > MAX_ADDRESS_BYTES) return null;
  const local = ADDRESS.exec(address)?.groups?.["local"];
  return local === undefined || bytes.encode(local).length > MAX_LOCAL_BYTES ? null : address;
}

/** `Name <address>` with a plain or a quoted name, on one line. */
const NAMED =
  /^(?:"(?<quoted>(?:[^"\\\r\n]|\\[^\r\n])*)"|(?<plain>[^"<>\r\n,;:@\\]*?))\s*<(?<address>[^<>]*)>$/u;

/** Parses `address`, `<address>`, `Name <address>` or `"Name" <address>`; null if it is none of these. */
export function mailboxIn(text: string): Mailbox | null {
  const written = text.trim();
  const named = NAMED.exec(written)?.groups;
  const address = addressIn(named?.["address"] ?? written);
  if (address === null) return null;
  const name = named?.["quoted"]?.replace(/\\(.)/g, "$1") ?? named?.["plain"] ?? "";
  return { name: name.trim() === "" ? null : name.trim(), address };
}
