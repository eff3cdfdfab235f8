import { setImmediate as nextIteration } from "node:timers/promises";
import { Parser } from "htmlparser2";

const HIDDEN = new Set(
  "script style template noscript iframe object embed svg math head title textarea select".split(" "),
);
const BLOCKS = new Set(
  "address article aside blockquote dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul".split(
    " ",
  ),
);

const MAX_HTML = 400_000;

/** The text that a browser would show for some HTML, with its line breaks. Plain text comes out as it is. */
export function htmlToText(html: string): string {
  let text = "";
  let hidden = 0;
  const parser = new Parser(
    {
      onopentag(name) {
        if (HIDDEN.has(name)) hidden += 1;
        else if (name === "br") text += "\n";
        else if (name === "li") text += "\n- ";
        else if (BLOCKS.has(name)) text += "\n";
      },
      ontext(part) {
        if (hidden === 0) text += part;
      },
      onclosetag(name) {
        if (HIDDEN.has(name)) hidden = Math.max(0, hidden - 1);
        else if (BLOCKS.has(name) && name !== "li") text += "\n";
      },
    },
    { decodeEntities: true },
  );
  parser.end(html.slice(0, MAX_HTML));
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** At most this many characters are parsed in one iteration of the event loop: some milliseconds. */
const PER_TURN = 200_000;

/** The contents of `<script type="application/ld+json">`. */
export async function jsonLdScripts(html: string): Promise<string[]> {
  const scripts: string[] = [];
  let isInside = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name !== "script" || !/^application\/ld\+json\b/i.test(attributes["type"]?.trim() ?? "")) return;
      isInside = true;
      scripts.push("");
    },
    ontext(part) {
      if (isInside) scripts[scripts.length - 1] += part;
    },
    onclosetag(name) {
      if (name === "script") isInside = false;
    },
  });
  for (let at = 0; at < html.length; at += PER_TURN) {
    if (at > 0) await nextIteration();
    parser.write(html.slice(at, at + PER_TURN));
  }
  parser.end();
  return scripts;
}
