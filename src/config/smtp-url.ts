/**
 * How the connection is encrypted. `required`: with a verified certificate, or nothing is sent. `unverified`:
 * encrypted, whatever the certificate. `optional`: if the server offers it. `off`: never.
 */
const TLS_MODES = ["required", "unverified", "optional", "off"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** An SMTP server. */
export type SmtpServer = {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps://`), instead of by STARTTLS. */
  readonly isImplicitTls: boolean;
  readonly tls: TlsMode;
  readonly credentials: { readonly user: string; readonly password: string } | null;
  /** E-mails per second, over all processes. */
  readonly perSecond: number;
};

const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;
const PER_SECOND = 20;
const OPTIONS = ["tls", "rate"];

/**
 * Parses `smtp://user:password@host:587?tls=required&rate=20`, or `smtps://`. Without `tls`, credentials
 * require TLS. An unknown option is an error, since it may have been meant to protect the connection.
 *
 * @returns the fault instead, to complete "must be ".
 */
export function parseSmtpUrl(written: string): SmtpServer | { readonly fault: string } {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === "")
    return { fault: "a URL that begins with smtp:// or smtps://" };
  const unknown = [...url.searchParams.keys()].find((option) => !OPTIONS.includes(option));
  if (unknown !== undefined || !/^\/?$/.test(url.pathname) || url.hash !== "")
    return {
      fault: `a URL with no options but tls and rate${unknown === undefined ? "" : ` (not ${unknown})`}`,
    };
  const isImplicitTls = url.protocol === "smtps:";
  const credentials = credentialsIn(url);
  if (credentials === "malformed") return { fault: "a URL whose user and password are percent-encoded" };
  const tls = url.searchParams.get("tls") ?? (credentials || isImplicitTls ? "required" : "optional");
  if (!isTlsMode(tls)) return { fault: `a URL whose option tls is one of: ${TLS_MODES.join(", ")}` };
  if (isImplicitTls && (tls === "off" || tls === "optional"))
    return { fault: "a URL that begins with smtp:// if TLS is off or optional" };
  const perSecond = Number(url.searchParams.get("rate") ?? PER_SECOND);
  if (!(perSecond > 0 && perSecond <= 1_000))
    return { fault: "a URL whose option rate is between 0 and 1000" };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (isImplicitTls ? IMPLICIT_TLS_PORT : SUBMISSION_PORT),
    isImplicitTls,
    tls,
    credentials,
    perSecond,
  };
}

const isTlsMode = (text: string): text is TlsMode => (TLS_MODES as readonly string[]).includes(text);

function credentialsIn({ username, password }: URL): SmtpServer["credentials"] | "malformed" {
  if (username === "") return null;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return "malformed";
  }
}
