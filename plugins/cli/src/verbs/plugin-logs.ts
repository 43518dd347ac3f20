import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] PLUGIN',
  args: [1, 1],
  options: {
    tail: { type: 'text', short: 'n', value: 'N', help: 'Only the last lines' },
    format: { type: 'text', value: 'json', help: 'Print each line as a JSON object', complete: ['json'] },
  },
  details: 'What its drivers logged and, of a plugin in a worker or process, what it printed: the last 500 lines since the engine started.',
  examples: [{ command: 'shiplog plugin logs -n 20 my-plugin', what: 'why does it fail?' }],
  async run(context, flags, [name = '']) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const tail = flags.tail === undefined ? Infinity : Number(flags.tail);
    if (!(tail >= 0)) throw new UsageError(`--tail takes a number of lines, not "${flags.tail}"`);
    const { native } = await context.client();
    const lines = await native.pluginLines(name);
    for (const line of tail === 0 ? [] : lines.slice(-tail)) {
      const { time, level, message, facts } = line;
      const more = Object.entries(facts).map(([fact, value]) => ` ${fact}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
      print(context, flags.format === 'json' ? JSON.stringify(line) : `${time} ${level.padEnd(5)} ${message}${more.join('')}`);
    }
    return EXIT.ok;
  },
});
