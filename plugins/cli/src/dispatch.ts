import { CliError, UsageError } from './cli-error.ts';
import { COMMANDS, findCommand, subCommands } from './commands.ts';
import { type Context, note, print } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { nearest } from './nearest.ts';
import { isGroup, inOurWords } from './spelling.ts';
import { parseCommand } from './parse-command.ts';
import type { Verb } from './verb.ts';
import { printableLines } from './format/printable.ts';

/** Runs one command line and resolves with the exit code. Errors are told on stderr: what happened, and what to do next. */
export async function dispatch(context: Context, argv: readonly string[]): Promise<number> {
  if (argv.length === 0 || argv[0] === '--help' || argv[0] === '-h') {
    const { overview } = await import('./help.ts');
    print(context, overview());
    return EXIT.ok;
  }
  const found = findCommand(inOurWords(argv));
  if (found === undefined && (argv[1] === '--help' || argv[1] === '-h')) {
    const { groupHelp } = await import('./help.ts');
    const group = groupHelp(argv[0] ?? '');
    if (group !== undefined) {
      print(context, group);
      return EXIT.ok;
    }
  }
  if (found === undefined) return report(context, undefined, undefined, unknownVerb(argv));
  let verb: Verb | undefined;
  try {
    verb = (await found.command.load()).default;
    const { flags, args, help } = parseCommand(verb.options, found.rest, verb.passThrough === true);
    if (help) {
      const { verbHelp } = await import('./help.ts');
      print(context, verbHelp(found.name, verb));
      return EXIT.ok;
    }
    checkCount(found.name, verb, args);
    return await verb.run(context, flags, args);
  } catch (error) {
    return report(context, found.name, verb, error);
  }
}

/** What to do instead of verbs that the docker command has and this one has not. */
const INSTEAD: { readonly [verb: string]: string } = {
  login: 'no passwords are kept here: `docker login`, and pull and push with the docker command, which sends them to this engine',
  logout: 'no passwords are kept here: `docker logout`',
  search: 'registries are not searched; name what to bring: `shiplog pull IMAGE`',
  buildx: 'images are built by the classic builder: `shiplog build`',
  compose: 'compose is a program of its own, and works with this engine: set DOCKER_HOST to its socket',
  swarm: 'one engine is one machine here',
};

function unknownVerb(argv: readonly string[]): UsageError {
  const word = argv[0] ?? '';
  const subs = subCommands(word);
  if (subs.length > 0) {
    const what = argv[1] === undefined ? `${word} needs a verb` : `${word} has no verb "${argv[1]}"`;
    const more = isGroup(word) ? `; and \`shiplog ${word}\` goes before every verb of ${word}s` : '';
    return new UsageError(what, `there is ${subs.map((name) => `shiplog ${name}`).join(', ')}${more}`);
  }
  if (word === '-H' || word === '--host') return new UsageError(`${word} needs a value: unix:///path/to/socket or tcp://host:port`);
  const instead = Object.hasOwn(INSTEAD, word) ? INSTEAD[word] : undefined;
  if (instead !== undefined) return new UsageError(`there is no verb "${word}"`, instead);
  const close = nearest(word, Object.keys(COMMANDS));
  return new UsageError(
    word.startsWith('-') ? `unknown option ${word}` : `there is no verb "${word}"`,
    close === undefined ? 'see `shiplog help`' : `did you mean \`shiplog ${close}\`? See \`shiplog help\``,
  );
}

function checkCount(name: string, verb: Verb, args: readonly string[]): void {
  const [least, most] = verb.args;
  if (args.length >= least && args.length <= most) return;
  const problem = args.length < least ? 'needs more arguments' : `does not take "${args[most]}"`;
  throw new UsageError(`${name} ${problem}: shiplog ${name} ${verb.usage}`);
}

async function report(context: Context, name: string | undefined, verb: Verb | undefined, error: unknown): Promise<number> {
  const { explain } = await import('./explain.ts');
  const { message, hint, exitCode } = explain(error, name, verb?.runsProcess === true);
  note(context, `shiplog: ${printableLines(message)}`);
  if (hint !== undefined) note(context, hint);
  if (!(error instanceof CliError) && context.env['SHIPLOG_DEBUG'] && error instanceof Error) note(context, error.stack ?? '');
  return exitCode;
}
