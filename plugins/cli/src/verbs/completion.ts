import { UsageError } from '../cli-error.ts';
import { COMMANDS } from '../commands.ts';
import { bashCompletion } from '../completion/bash.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Verb } from '../verb.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'bash|zsh',
  args: [1, 1],
  complete: ['bash', 'zsh'],
  options: {},
  examples: [
    { command: 'source <(shiplog completion bash)', what: 'for this shell; put it into ~/.bashrc for all' },
    { command: 'shiplog completion zsh > "${fpath[1]}/_shiplog"', what: 'for zsh' },
  ],
  async run(context, _flags, [shell]) {
    if (shell !== 'bash' && shell !== 'zsh') throw new UsageError(`there is completion for bash and zsh, not for "${shell}"`);
    const verbs: [string, Verb][] = await Promise.all(
      Object.entries(COMMANDS).map(async ([name, command]): Promise<[string, Verb]> => [name, (await command.load()).default]),
    );
    print(context, shell === 'bash' ? bashCompletion(verbs) : zshCompletion(verbs));
    return EXIT.ok;
  },
});
