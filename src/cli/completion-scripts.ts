import type { CompletionNode, CompletionWord } from "./completion-nodes.ts";

/** The script that completes `commonwork` in a shell. */
export const completionScript = (shell: "bash" | "zsh" | "fish", nodes: readonly CompletionNode[]): string =>
  ({ bash: bashScript, zsh: zshScript, fish: fishScript })[shell](nodes);

/** The path as the scripts write it: `/dead/list`; empty for the program itself. */
const textOf = (path: readonly string[]): string => path.map((word) => `/${word}`).join("");

/** A text in single quotes, for bash and zsh. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** All paths but that of the program, as alternatives of a `case`. */
const alternatives = (nodes: readonly CompletionNode[]): string =>
  nodes
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quoted(textOf(path)))
    .join("|");

/** The options with a list of values: the words before the value, and the values. */
const valueLists = (nodes: readonly CompletionNode[]): { after: string; values: readonly string[] }[] =>
  nodes.flatMap(({ path, options }) =>
    options.flatMap(({ word, values }) =>
      values && values.length > 0 ? [{ after: `${textOf(path)} ${word}`, values }] : [],
    ),
  );

const wordsOf = ({ words, options }: CompletionNode): readonly CompletionWord[] => [...words, ...options];

/** Bash splits words at colons, which some commands contain: the line is split again at spaces. */
const bashScript = (nodes: readonly CompletionNode[]): string => `# bash completion for commonwork
_commonwork() {
  local line="\${COMP_LINE:0:COMP_POINT}" at='' previous='' current='' word words=''
  local -a typed
  read -ra typed <<<"$line"
  [[ "$line" == *[[:space:]] ]] && typed+=('')
  current="\${typed[\${#typed[@]}-1]}"
  for word in "\${typed[@]:1:\${#typed[@]}-2}"; do
    case "$at/$word" in
      ${alternatives(nodes)}) at="$at/$word" ;;
    esac
    previous="$word"
  done
  case "$at $previous" in
${valueLists(nodes)
  .map(({ after, values }) => `    ${quoted(after)}) words=${quoted(values.join(" "))} ;;`)
  .join("\n")}
    *)
      case "$at" in
${nodes
  .map(
    (node) =>
      `        ${quoted(textOf(node.path))}) words=${quoted(
        wordsOf(node)
          .map(({ word }) => word)
          .join(" "),
      )} ;;`,
  )
  .join("\n")}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
    local prefix="\${current%"\${current##*:}"}" index
    for index in "\${!COMPREPLY[@]}"; do COMPREPLY[index]="\${COMPREPLY[index]#"$prefix"}"; done
  fi
}
complete -o default -F _commonwork commonwork`;

/** A candidate for `_describe`: its word, a colon, its meaning; colons of the word are escaped. */
const described = ({ word, meaning }: CompletionWord): string =>
  quoted(meaning === "" ? word.replaceAll(":", "\\:") : `${word.replaceAll(":", "\\:")}:${meaning}`);

const zshScript = (nodes: readonly CompletionNode[]): string => `#compdef commonwork
compdef _commonwork commonwork

_commonwork() {
  local at='' previous='' word
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
      (${alternatives(nodes)}) at="$at/$word" ;;
    esac
    previous="$word"
  done
  case "$at $previous" in
${valueLists(nodes)
  .map(
    ({ after, values }) =>
      `    (${quoted(after)}) candidates=(${values.map((word) => described({ word, meaning: "" })).join(" ")}) ;;`,
  )
  .join("\n")}
    (*)
      case "$at" in
${nodes
  .map(
    (node) =>
      `        (${quoted(textOf(node.path))}) candidates=(${wordsOf(node).map(described).join(" ")}) ;;`,
  )
  .join("\n")}
      esac
      ;;
  esac
  _describe 'commonwork' candidates
}

if [ "$funcstack[1]" = "_commonwork" ]; then
  _commonwork "$@"
fi`;

/** A text in single quotes, for fish. */
const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

const fishScript = (nodes: readonly CompletionNode[]): string => {
  const lines = nodes.flatMap(({ path, words, options }) => {
    const here = `complete -c commonwork -n ${fishQuoted(`__commonwork_at ${fishQuoted(textOf(path))}`)}`;
    return [
      ...words.map(({ word, meaning }) => `${here} -a ${fishQuoted(word)}${meaningOf(meaning)}`),
      ...options.map(({ word, meaning, values }) => {
        const takes =
          values === null ? "" : values.length > 0 ? ` -x -a ${fishQuoted(values.join(" "))}` : " -r";
        return `${here} -l ${word.slice(2)}${takes}${meaningOf(meaning)}`;
      }),
    ];
  });
  const paths = nodes.flatMap(({ path }) => (path.length > 0 ? [fishQuoted(textOf(path))] : []));
  return `# fish completion for commonwork
function __commonwork_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at/$word"
      case ${paths.join(" ")}
        set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c commonwork -f
${lines.join("\n")}`;
};

const meaningOf = (meaning: string): string => (meaning === "" ? "" : ` -d ${fishQuoted(meaning)}`);
