import { print } from '../context.ts';
import { createContainer } from '../create/create-container.ts';
import { CREATE_OPTIONS } from '../create/create-options.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARGUMENT...]',
  args: [1, Infinity],
  complete: 'image',
  passThrough: true,
  runsProcess: true,
  options: CREATE_OPTIONS,
  examples: [{ command: 'shiplog create --name job busybox sleep 10', what: 'a container to start later' }],
  exits: { '125': 'the engine refused or failed, or the command line is wrong' },
  async run(context, flags, args) {
    print(context, await createContainer(context, await context.client(), flags, args, false));
    return EXIT.ok;
  },
});
