import type { Completion } from '../verb.ts';
import { flagWords, listCommand, type NamedVerb, typedFor, valueFlags, verbWords } from './words.ts';

/** A bash script that completes `shiplog`: verbs, flags, and what the engine has. */
export function bashCompletion(verbs: readonly NamedVerb[]): string {
  const { first, second } = verbWords(verbs);
  const groups = [...second].filter(([, words]) => words.length > 0);
  return [
    '# bash completion for shiplog',
    '_shiplog() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" verb="${COMP_WORDS[1]}"',
    '  COMPREPLY=()',
    `  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "${first.join(' ')}" -- "$cur")); return; fi`,
    '  case "$verb" in',
    ...groups.flatMap(([head, words]) => [
      `    ${head})`,
      `      if [ "$COMP_CWORD" -eq 2 ]; then COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur")); return; fi`,
      '      verb="$verb ${COMP_WORDS[2]}" ;;',
    ]),
    '  esac',
    '  case "$verb" in',
    ...verbs.flatMap(bashVerb),
    '  esac',
    '}',
    'complete -F _shiplog shiplog',
  ].join('\n');
}

function bashVerb([name, verb]: NamedVerb): string[] {
  const flags = valueFlags(verb);
  return [
    `    ${typedFor(name)})`,
    ...(flags.length === 0
      ? []
      : [
          '      case "$prev" in',
          ...flags.map(([words, completion]) => `        ${words.join('|')}) ${bashReply(completion)}; return ;;`),
          '      esac',
        ]),
    `      if [ "\${cur#-}" != "$cur" ]; then COMPREPLY=($(compgen -W "${flagWords(verb).join(' ')}" -- "$cur"))`,
    `      else ${bashReply(verb.complete ?? 'none')}; fi ;;`,
  ];
}

function bashReply(completion: Completion | 'none'): string {
  if (completion === 'none') return ':';
  if (completion === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  if (typeof completion !== 'string') return `COMPREPLY=($(compgen -W "${completion.join(' ')}" -- "$cur"))`;
  return `COMPREPLY=($(compgen -W "$(${listCommand(completion) ?? ':'} 2>/dev/null)" -- "$cur"))`;
}
