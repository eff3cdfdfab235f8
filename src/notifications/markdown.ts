/**
 * A mention, by any form of id that a host may have. Its length is bounded, so that text full of opening
 * brackets is read in linear time.
 */
export const MENTION = /@\[([^\]\n]{1,200})\]\(user:([A-Za-z0-9_.-]{1,64})\)/g;

/** The ids of the users that a message mentions as `@[Name](user:ID)`, without duplicates. */
export function mentionedIn(message: string): string[] {
  return [...new Set([...message.matchAll(MENTION)].map(([, , id]) => id as string))];
}

/** The message with our ids in its mentions, in place of the host's. Unknown users are not mentioned. */
export const withOurIds = (message: string, ids: ReadonlyMap<string, string>): string =>
  message.replace(MENTION, (_mention, name: string, reference: string) => {
    const id = ids.get(reference);
    return id === undefined ? `@${name}` : `@[${name}](user:${id})`;
  });

/** The message with each mention written as `@Name`. */
export const withoutMarkup = (message: string): string => message.replace(MENTION, "@$1");
