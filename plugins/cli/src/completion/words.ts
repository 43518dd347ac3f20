import { otherSpellings } from '../spelling.ts';
import type { Completion, Verb } from '../verb.ts';

/** A verb with what is typed for it. */
export type NamedVerb = readonly [name: string, verb: Verb];

/** Flags of a verb as they are typed. */
export function flagWords(verb: Verb): string[] {
  return [
    ...Object.entries(verb.options).flatMap(([name, option]) => [`--${name}`, ...(option.short === undefined ? [] : [`-${option.short}`])]),
    '--help',
  ];
}

/** Flags with a value, and what completes it; `none` where nothing can. */
export function valueFlags(verb: Verb): (readonly [flags: readonly string[], completion: Completion | 'none'])[] {
  return Object.entries(verb.options).flatMap(([name, option]) =>
    option.type === 'switch'
      ? []
      : [[[`--${name}`, ...(option.short === undefined ? [] : [`-${option.short}`])], option.complete ?? 'none'] as const],
  );
}

/** First words of all verbs, and the second ones by first. */
export function verbWords(verbs: readonly NamedVerb[]): { readonly first: string[]; readonly second: Map<string, string[]> } {
  const second = new Map<string, string[]>();
  for (const name of verbs.flatMap(([own]) => [own, ...otherSpellings(own)])) {
    const [head = '', tail] = name.split(' ');
    second.set(head, [...(second.get(head) ?? []), ...(tail === undefined ? [] : [tail])]);
  }
  return { first: [...second.keys()], second };
}

/** Everything that is typed for a verb, as a pattern of a shell. */
export function typedFor(name: string): string {
  return [name, ...otherSpellings(name)].map((words) => `"${words}"`).join('|');
}

/** The command that lists what completes a value; undefined for files and fixed words. */
export function listCommand(completion: Completion | 'none'): string | undefined {
  switch (completion) {
    case 'container':
      return "shiplog ps -a --format '{{.Names}}'";
    case 'running':
      return "shiplog ps --format '{{.Names}}'";
    case 'image':
      return "shiplog images --format '{{.Repository}}:{{.Tag}}'";
    case 'network':
      return "shiplog network ls --format '{{.Name}}'";
    case 'volume':
      return 'shiplog volume ls -q';
    default:
      return undefined;
  }
}
