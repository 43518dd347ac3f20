import { UsageError } from '../cli-error.ts';
import { COMMANDS, findCommand } from '../commands.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { exitCodesHelp, groupHelp, overview, verbHelp } from '../help.ts';
import { inOurWords } from '../spelling.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[VERB|exit-codes]',
  args: [0, 2],
  complete: ['exit-codes', ...Object.keys(COMMANDS)],
  options: {},
  examples: [{ command: 'shiplog help run', what: 'everything about run' }],
  async run(context, _flags, args) {
    if (args.length === 0) print(context, overview());
    else if (args[0] === 'exit-codes') print(context, exitCodesHelp());
    else {
      const found = findCommand(inOurWords(args));
      const group = args.length === 1 ? groupHelp(args[0] ?? '') : undefined;
      if (found !== undefined) print(context, verbHelp(found.name, (await found.command.load()).default));
      else if (group !== undefined) print(context, group);
      else throw new UsageError(`there is no verb "${args.join(' ')}"`, 'see `shiplog help`');
    }
    return EXIT.ok;
  },
});
