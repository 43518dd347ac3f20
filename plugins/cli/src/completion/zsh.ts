import { COMMANDS } from '../commands.ts';
import type { Completion, Option } from '../verb.ts';
import { listCommand, type NamedVerb, typedFor, verbWords } from './words.ts';

/** A zsh script that completes `shiplog`: verbs and flags with what they do, and what the engine has. */
export function zshCompletion(verbs: readonly NamedVerb[]): string {
  const { second } = verbWords(verbs);
  const heads = [...second].map(([head, words]) => `'${head}:${quote(COMMANDS[head]?.summary ?? words.join(', '))}'`);
  const groups = [...second].filter(([, words]) => words.length > 0);
  return [
    '#compdef shiplog',
    '_shiplog() {',
    '  local verb="${words[2]}"',
    '  if (( CURRENT == 2 )); then',
    `    local -a verbs=(${heads.join(' ')})`,
    "    _describe 'verb' verbs; return",
    '  fi',
    '  local skip=1',
    '  case "$verb" in',
    ...groups.flatMap(([head, words]) => [
      `    ${head})`,
      `      if (( CURRENT == 3 )); then compadd ${words.join(' ')}; return; fi`,
      '      verb="$verb ${words[3]}"; skip=2 ;;',
    ]),
    '  esac',
    '  shift $skip words; (( CURRENT -= skip ))',
    '  case "$verb" in',
    ...verbs.flatMap(([name, verb]) => [
      `    ${typedFor(name)})`,
      `      _arguments -s ${[...Object.entries(verb.options).map(zshOption), `'*:argument:${zshAction(verb.complete ?? 'none')}'`].join(' \\\n        ')} ;;`,
    ]),
    '  esac',
    '}',
    'compdef _shiplog shiplog',
  ].join('\n');
}

function zshOption([name, option]: readonly [string, Option]): string {
  const help = quote(option.help).replace(/[[\]]/g, String.raw`\$&`);
  const value =
    option.type === 'switch' ? '' : `:${quote(option.value).replaceAll(':', String.raw`\:`)}:${zshAction(option.complete ?? 'none')}`;
  const flags = option.short === undefined ? `--${name}` : `{-${option.short},--${name}}`;
  return `'*'${flags}'[${help}]${value}'`;
}

function zshAction(completion: Completion | 'none'): string {
  if (completion === 'none') return '';
  if (completion === 'file') return '_files';
  if (typeof completion !== 'string') return `(${completion.map(quote).join(' ')})`;
  // Double quotes, since the whole action stands in single ones.
  return `{compadd -- \${(f)"$(${(listCommand(completion) ?? ':').replaceAll("'", '"')} 2>/dev/null)"}}`;
}

function quote(text: string): string {
  return text.replaceAll("'", String.raw`'\''`);
}
