/** So that a name stays a name: what Markdown or HTML would read as markup is escaped. */
export const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()<>#+!|~&-]/g, "\\$&");

/** A name in bold. */
export const bold = (name: string): string => `**${escapeMarkdown(name)}**`;

const MENTION = /@\[([^\]\n]{1,200})\]\(user:(\d{1,18})\)/g;

/** The ids of the users whom a message mentions as `@[Name](user:ID)`, each once. */
export function mentionedIn(message: string): string[] {
  return [...new Set([...message.matchAll(MENTION)].map(([, , id]) => id as string))];
}

/** A message as it reads: `@Name` for a mention. */
export const withoutMarkup = (message: string): string => message.replace(MENTION, "@$1");
