/** Escapes everything that Markdown or HTML would read as markup. */
export const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]()<>#+!|~&-]/g, "\\$&");
