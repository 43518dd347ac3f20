import { COMMANDS, type Verb } from '@shiplog/cli';
import { built } from './repository.ts';
import { fenced } from './markdown.ts';

interface Help {
  overview(): string;
  verbHelp(name: string, verb: Verb): string;
  exitCodesHelp(): string;
}

/** What `shiplog help` says, of all and of every verb. */
export async function commandLine(): Promise<string> {
  const help: Help = await import(built('plugins/cli/dist/help.js'));
  const parts = [fenced(help.overview(), 'text')];
  for (const [name, command] of Object.entries(COMMANDS)) {
    const { default: verb } = await command.load();
    parts.push(`## ${name}`, fenced(help.verbHelp(name, verb), 'text'));
  }
  parts.push('## Exit codes', fenced(help.exitCodesHelp(), 'text'));
  return parts.join('\n\n');
}

/** What `shiplogd --help` prints. */
export async function daemonHelp(): Promise<string> {
  const { usage }: { usage(): string } = await import(built('plugins/daemon/dist/config.js'));
  return fenced(usage(), 'text');
}
