import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CliError, UsageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

/** The published kit: a program of its own, so that a driver under test cannot end this one. */
const KIT = '@shiplog/conformance/prove/main';

export default defineVerb({
  usage: '[OPTIONS] [DIRECTORY|MODULE|unix:PATH]',
  args: [0, 1],
  complete: 'file',
  options: {
    only: { type: 'text', value: 'TEXT', help: 'Run the checks whose names contain this' },
    every: { type: 'text', value: 'N', help: 'Kill a runtime driver at every Nth effect alone, which is quicker' },
    format: { type: 'text', value: 'json', help: 'Print each check and the sums as JSON, an object a line', complete: ['json'] },
  },
  details:
    'Runs every kit that fits the plugin and its drivers: the module itself, and each verb once, twice, side by side, undone, canceled, with bad\ninput and after a restart. Needs no engine. Drivers that touch the host need root. What cannot be proven here is told with its reason.\nA runtime driver runs busybox, which the Debian package busybox-static has.\nunix:PATH is the socket of a program that runs already, in a debugger perhaps, and serves each connection by itself.',
  examples: [
    { command: 'shiplog plugin test', what: 'prove the plugin in this directory' },
    { command: 'shiplog plugin test ./my-driver --format json', what: 'for machines' },
    { command: "shiplog plugin test ./my-driver --only 'when it is repeated'", what: 'some of the checks' },
    { command: 'shiplog plugin test unix:/tmp/mine.sock', what: 'a driver in a program that you started yourself' },
  ],
  exits: { '1': 'a check failed', '2': 'there is no plugin, or no such check' },
  async run(context, flags, [target = '.']) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const format = flags.format === undefined ? [] : ['--format', flags.format];
    const only = flags.only === undefined ? [] : ['--only', flags.only];
    const every = flags.every === undefined ? [] : ['--every', flags.every];
    const kit = spawn(process.execPath, [pathOfKit(), target, ...only, ...every, ...format], { stdio: ['ignore', 'pipe', 'pipe'] });
    kit.stdout.on('data', (data: Buffer) => context.stdout.write(data));
    kit.stderr.on('data', (data: Buffer) => context.stderr.write(data));
    const [code] = (await once(kit, 'close')) as [number | null];
    return code ?? EXIT.failed;
  },
});

function pathOfKit(): string {
  try {
    return fileURLToPath(import.meta.resolve(KIT));
  } catch {
    throw new CliError('the kit @shiplog/conformance is not installed', {
      hint: 'install it beside shiplog: npm install @shiplog/conformance',
    });
  }
}
