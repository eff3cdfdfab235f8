const SECRET_NAMES = /SECRET|PASSWORD|TOKEN|KEY|HEADERS/;

/** The secrets of the environment, longest first: variables named so, and passwords in addresses. */
export function secretsIn(environment: NodeJS.ProcessEnv): string[] {
  const found = Object.entries(environment).flatMap(([name, value = ""]) => [
    ...(SECRET_NAMES.test(name) ? [value, ...value.split(",")] : []),
    ...passwordsIn(value),
  ]);
  const secrets = found.map((secret) => secret.trim()).filter((secret) => secret !== "");
  return [...new Set(secrets)].sort((a, b) => b.length - a.length);
}

/** A password in an address, as it is written and decoded; the address may be none for another reason. */
function passwordsIn(value: string): string[] {
  const written = /^[a-z]+:\/\/[^\s/@]*?:(.+)@/i.exec(value.trim())?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}

/** Removes the secrets from a foreign text, such as an error or a stored reason. */
export type Clean = (text: string) => string;

/** Shorter secrets are parts of ordinary words: they are removed where they stand alone. */
const SHORT = 8;

/** A foreign text without the secrets. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((left, secret) => left.replaceAll(patternOf(secret), "***"), text);

function patternOf(secret: string): string | RegExp {
  if (secret.length >= SHORT) return secret;
  const literal = secret.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "gu");
}
