import { COMMANDS, subCommands } from './commands.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { isGroup } from './spelling.ts';
import { renderTable } from './format/table.ts';
import type { Option, Verb } from './verb.ts';

const GROUPS = [
  ['containers', 'Containers'],
  ['images', 'Images'],
  ['log', 'What only a log can do'],
  ['networks', 'Networks'],
  ['volumes', 'Volumes'],
  ['plugins', 'Plugins'],
  ['more', 'More'],
] as const;

/** The overview: every verb on a line. */
export function overview(): string {
  const parts = ['Usage: shiplog [-H HOST] VERB [OPTIONS] [ARGUMENTS]', ''];
  for (const [group, title] of GROUPS) {
    const rows = Object.entries(COMMANDS).flatMap(([name, command]) => (command.group === group ? [[`  ${name}`, command.summary]] : []));
    parts.push(`${title}:`, renderTable(rows), '');
  }
  parts.push(
    'Global options:',
    renderTable([
      ['  -H, --host HOST', 'Engine to speak with (SHIPLOG_HOST, else DOCKER_HOST, else its default socket)'],
      ['  -v, --version', 'Print the version of this command'],
    ]),
    '',
    '`shiplog help VERB` explains a verb, `shiplog help exit-codes` the exit codes.',
  );
  return parts.join('\n');
}

/** What verbs a word begins, such as `log`; undefined for none. */
export function groupHelp(word: string): string | undefined {
  const names = subCommands(word);
  if (names.length === 0) return undefined;
  const lines = names.map((name) => `shiplog ${name}: ${COMMANDS[name]?.summary ?? ''}`);
  const others = isGroup(word) ? [`and every verb of ${word}s, such as \`shiplog ${word} ls\``] : [];
  return [...lines, ...others, '', `\`shiplog help ${names[0]}\` explains one.`].join('\n');
}

/** Everything about one verb. */
export function verbHelp(name: string, verb: Verb): string {
  const parts = [`Usage: shiplog ${name} ${verb.usage}`.trimEnd(), '', `${COMMANDS[name]?.summary ?? name}.`];
  if (verb.details !== undefined) parts.push('', verb.details);
  const options = Object.entries(verb.options);
  if (options.length > 0)
    parts.push('', 'Options:', renderTable(options.map(([option, facts]) => [optionLabel(option, facts), optionHelp(facts)])));
  if (verb.examples.length > 0) {
    parts.push('', 'Examples:', ...verb.examples.map((example) => `  # ${example.what}\n  ${example.command}`));
  }
  if (verb.exits !== undefined) {
    parts.push('', 'Exit codes:', renderTable(Object.entries(verb.exits).map(([code, meaning]) => [`  ${code}`, meaning])));
  }
  return parts.join('\n');
}

/** The text of `shiplog help exit-codes`. */
export function exitCodesHelp(): string {
  return ['Exit codes:', renderTable(EXIT_CODES.map(([code, meaning]) => [`  ${code}`, meaning]))].join('\n');
}

function optionLabel(name: string, option: Option): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `  ${short}--${name}${option.type === 'switch' ? '' : ` ${option.value}`}`;
}

function optionHelp(option: Option): string {
  if (option.type === 'list') return `${option.help} (may repeat)`;
  return option.type === 'switch' && option.on === true ? `${option.help} (on; --…=false turns it off)` : option.help;
}
