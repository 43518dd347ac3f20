import { UsageError } from '../cli-error.ts';
import { note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

const FAMILIES = ['storage', 'volume', 'network', 'cgroup', 'runtime', 'log', 'authorizer', 'projection', 'image-source'] as const;

export default defineVerb({
  usage: '[OPTIONS] FAMILY NAME',
  args: [2, 2],
  complete: FAMILIES,
  options: {
    language: { type: 'text', short: 'l', value: 'LANGUAGE', help: 'typescript (default) or python', complete: ['typescript', 'python'] },
    format: { type: 'text', value: 'json', help: 'Print directory and files as JSON', complete: ['json'] },
  },
  details:
    'Makes the directory NAME with a driver that works and the test that proves it. Families: storage, volume (also in Python), network,\ncgroup, runtime, log, authorizer, projection, image-source.',
  examples: [
    { command: 'shiplog plugin new volume my-volumes && shiplog plugin test my-volumes', what: 'a driver, proven' },
    { command: 'shiplog plugin new volume mine --language python', what: 'the same in Python' },
  ],
  async run(context, flags, [family = '', name = '']) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const { createDriver, nextSteps } = await import('@shiplog/create-driver');
    const parent = process.cwd();
    const made = await createDriver({ family, name, language: flags.language ?? 'typescript', parent });
    if (flags.format === 'json') print(context, JSON.stringify(made));
    else {
      print(context, `${made.directory}: ${made.files.join(', ')}`);
      note(context, 'Next:');
      for (const step of nextSteps(made.directory, parent)) note(context, `  ${step}`);
    }
    return EXIT.ok;
  },
});
