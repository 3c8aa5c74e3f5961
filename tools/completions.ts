// Completions for bash, zsh and fish, made from the option tables: `bun tools/completions.ts`
// writes docs/completions.

import { join } from "node:path";

import { type Option, OPTIONS, ZOMBIES_OPTIONS } from "../src/cli/options.ts";
import { schemaOf } from "../src/cli/values.ts";
import { SIGNAL_NAMES } from "../src/signal-name.ts";

/** Where they stand. */
export const DIRECTORY = join(import.meta.dirname, "../docs/completions");

const SIGNALS = SIGNAL_NAMES.map((name) => name.slice("SIG".length));
const REWRITABLE = SIGNALS.filter(
  (name) => schemaOf.argument("rewrite").safeParse(`${name}:none`).success,
);

/** What a value may be: one of these words; and, where there is more, ":" and one of those. */
interface Values {
  readonly words: readonly string[];
  readonly more?: readonly string[];
}

/** By what a value is called. Others are numbers, which nobody needs help to type. */
const VALUES: { readonly [value: string]: Values } = {
  SIG: { words: SIGNALS },
  "text|json": { words: ["text", "json"] },
  "FROM:TO": { words: REWRITABLE, more: ["none", ...SIGNALS] },
};

/** What to offer as an option's value; undefined for a flag. */
export function valuesOf({ value }: Option): Values | undefined {
  return value === undefined ? undefined : (VALUES[value] ?? { words: [] });
}

const ALL: readonly Option[] = [...OPTIONS, ...ZOMBIES_OPTIONS];
const namesOf = ({ long, short }: Option) => [...(short ? [`-${short}`] : []), `--${long}`];
const listOf = (options: readonly Option[]) => options.flatMap(namesOf).join(" ");
const colon = (words: readonly string[]) => words.map((word) => `${word}:`);

/** The first lines of each file. */
const head = (shell: string, use: string) =>
  `# Completion of pause for ${shell}, made by tools/completions.ts from the option tables.\n# ${use}`;

/** For bash 4, with the package bash-completion or without it. */
function bash(): string {
  const cases = ALL.flatMap((option) => {
    const values = valuesOf(option);
    if (values === undefined) return [];
    const { words, more } = values;
    const names = namesOf(option);
    const now = [...names.map((name) => `*' ${name}'`), `*' --${option.long} ='`].join(" | ");
    const then = names.map((name) => `*' ${name} '*' :'`).join(" | ");
    return [
      `    ${now}) words="${(more ? colon(words) : words).join(" ")}" ;;`,
      ...(more ? [`    ${then}) words="${more.join(" ")}" ;;`] : []),
    ];
  });
  return `${head("bash", 'Source it, or install it as "pause" among those of bash-completion.')}

_pause() {
  local at left words word=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -- ]] || continue
    if declare -F _command_offset >/dev/null; then
      _command_offset $((at + 1))
    elif ((at + 1 == COMP_CWORD)); then
      mapfile -t COMPREPLY < <(compgen -c -- "$word")
    else
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
    return
  done

  # What is left of the cursor; "=" and ":" are words of their own to bash.
  left=" \${COMP_WORDS[*]:1:COMP_CWORD-1}"
  if [[ $word == [=:] ]]; then
    left+=" $word"
    word=
  fi
  case $left in
${cases.join("\n")}
    ' zombies'*) words="${listOf(ZOMBIES_OPTIONS)}" ;;
    ' ') words="zombies -- ${listOf(OPTIONS)}" ;;
    *) words="-- ${listOf(OPTIONS)}" ;;
  esac
  [[ $words != *: ]] || compopt -o nospace 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _pause pause
`;
}

/** For zsh, by its _arguments. zshcompsys(1) */
function zsh(): string {
  const escape = (text: string) => text.replace(/[[\]:\\]/g, "\\$&").replaceAll("'", "'\\''");
  const spec = (option: Option) => {
    const { long, value, repeatable, help } = option;
    const names = namesOf(option);
    const { words = [], more } = valuesOf(option) ?? {};
    const parts = `_sep_parts "(${words.join(" ")})" \\: "(${more?.join(" ")})"`;
    const action = more ? `{ ${parts} }` : words.length > 0 ? `(${words.join(" ")})` : " ";
    const takes = value === undefined ? "" : `:${escape(value)}:${action}`;
    const once = repeatable ? "*" : names.length > 1 ? `(${names.join(" ")})` : "";
    return names
      .map((name) => {
        const form = value === undefined ? "" : name === `--${long}` ? "=" : "+";
        return `    '${once}${name}${form}[${escape(help)}]${takes}'`;
      })
      .join(" \\\n");
  };
  const specs = (options: readonly Option[]) => options.map(spec).join(" \\\n");
  return `#compdef pause
${head("zsh", 'Install it as "_pause" in a folder of $fpath.')}

local -i dashes=\${words[(ie)--]}
if (( dashes < CURRENT )); then
  # A command, as if it stood alone.
  shift $dashes words
  (( CURRENT -= dashes ))
  _normal
elif [[ \${words[2]} == zombies ]] && (( CURRENT > 2 )); then
  shift words
  (( CURRENT -= 1 ))
  _arguments -s \\
${specs(ZOMBIES_OPTIONS)}
else
  _arguments -s \\
    '1: :(zombies --)' \\
${specs(OPTIONS)}
fi
`;
}

/** For fish 3. */
function fish(): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const line = (condition: string) => (option: Option) => {
    const { long, short, help } = option;
    const values = valuesOf(option);
    const { words = [], more } = values ?? {};
    const list = more
      ? `'(__pause_pair ${quoted(words)} ${quoted(more)})'`
      : quote(words.join(" "));
    return [
      `complete -c pause -n ${condition}`,
      ...(short ? [`-s ${short}`] : []),
      `-l ${long}`,
      ...(values === undefined ? [] : words.length > 0 ? ["-x -a", list] : ["-x"]),
      `-d ${quote(help)}`,
    ].join(" ");
  };
  const quoted = (words: readonly string[]) => `"${words.join(" ")}"`;
  return `${head("fish", "Install it in ~/.config/fish/completions.")}

# Which part of the line the cursor is in: options, zombies (its options) or command.
function __pause_in
    set -l words (commandline -opc)
    set -l part options
    test (count $words) -gt 1; and test $words[2] = zombies; and set part zombies
    contains -- -- $words; and set part command
    test $part = $argv[1]
end

# The command after "--", as if it stood alone.
function __pause_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    complete -C "$(string escape -- $words[(math $at + 1)..] | string join ' ') $(commandline -ct)"
end

# FROM: for each of some words, and behind it each of others.
function __pause_pair
    set -l from (string match -r '[^=:]+(?=:)' -- (commandline -ct))
    if test -n "$from"
        printf "$from:%s\\n" (string split ' ' $argv[2])
    else
        printf '%s:\\n' (string split ' ' $argv[1])
    end
end

complete -c pause -f
complete -c pause -n '__pause_in command' -a '(__pause_command)'
complete -c pause -n __fish_use_subcommand -a zombies -d 'List zombies, and who leaks them'
${OPTIONS.map(line("'__pause_in options'")).join("\n")}
${ZOMBIES_OPTIONS.map(line("'__pause_in zombies'")).join("\n")}
`;
}

/** The files, by their names. */
export const FILES: { readonly [name: string]: () => string } = {
  "pause.bash": bash,
  _pause: zsh,
  "pause.fish": fish,
};

if (import.meta.main) {
  for (const [name, text] of Object.entries(FILES)) await Bun.write(join(DIRECTORY, name), text());
}
