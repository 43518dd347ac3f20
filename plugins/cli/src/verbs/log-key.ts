import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '',
  args: [0, 0],
  options: {},
  details:
    "Keep it on another machine: it is all that `shiplog log check` needs besides a proof. The key's name is the log's origin, `shiplog/` and the\nengine's id.",
  examples: [{ command: 'shiplog log key > web-1.vkey', what: 'the public key, for those who check proofs' }],
  async run(context) {
    const { tlog } = await context.client();
    print(context, await tlog.key());
    return EXIT.ok;
  },
});
