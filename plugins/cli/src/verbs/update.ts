import { UsageError } from '../cli-error.ts';
import { note, print } from '../context.ts';
import { LIMIT_OPTIONS } from '../create/limit-options.ts';
import { limitsOf, restartPolicy } from '../create/limits.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: LIMIT_OPTIONS,
  details: 'What is not given stays. A running container has the new limits at once, another one from its next start on.',
  examples: [
    { command: 'shiplog update -m 512m --memory-swap 1g web', what: 'more memory, while it runs' },
    { command: 'shiplog update --cpus 0.5 --restart on-failure:3 web worker', what: 'two containers, the same way' },
  ],
  async run(context, flags, args) {
    const changes = { ...limitsOf(flags), ...(flags.restart === undefined ? {} : { RestartPolicy: restartPolicy(flags.restart) }) };
    if (Object.keys(changes).length === 0)
      throw new UsageError('nothing is to be changed', 'give at least one limit, such as --memory 512m');
    const { docker } = await context.client();
    return eachOf(context, 'update', args, async (name) => {
      const { Warnings: warnings } = await docker.updateContainer(name, changes);
      for (const warning of warnings ?? []) note(context, `WARNING: ${warning}`);
      print(context, name);
    });
  },
});
