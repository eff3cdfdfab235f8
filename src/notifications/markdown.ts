/** Escapes everything that Markdown or HTML would read as markup. */
export const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()<>#+!|~&-]/g, "\\$&");

/** A name in bold. */
export const bold = (name: string): string => `**${escapeMarkdown(name)}**`;

/** A mention: its length is bounded, so that text full of opening brackets is read in linear time. */
export const MENTION = /@\[([^\]\n]{1,200})\]\(user:(\d{1,18})\)/g;

/** The ids of the users that a message mentions as `@[Name](user:ID)`, without duplicates. */
export function mentionedIn(message: string): string[] {
  return [...new Set([...message.matchAll(MENTION)].map(([, , id]) => id as string))];
}

/** The message with each mention written as `@Name`. */
export const withoutMarkup = (message: string): string => message.replace(MENTION, "@$1");
