import { UsageError } from '../cli-error.ts';
import { note, print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] PLUGIN [PLUGIN...]',
  args: [1, Infinity],
  options: { format: { type: 'text', value: 'json', help: 'Print what came of it as JSON, an object a line', complete: ['json'] } },
  details:
    'Containers run on. The next call goes to the new code; calls under way end in the old one. If the new code does not load or\ncannot run here, the old one stays. With `shiplogd --watch` every save does this.',
  examples: [{ command: 'shiplog plugin reload my-plugin', what: 'use what was just written' }],
  async run(context, flags, args) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const { native } = await context.client();
    return eachOf(context, 'plugin reload', args, async (name) => {
      const reloaded = await native.reloadPlugin(name);
      if (flags.format === 'json') return print(context, JSON.stringify(reloaded));
      print(context, `${name} reloaded in ${reloaded.ms} ms`);
      for (const lost of reloaded.missing) note(context, `warning: the new code does not see ${lost}`);
    });
  },
});
