import { EXIT } from '../exit-codes.ts';
import { splitReference } from '../split-reference.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'IMAGE NAME[:TAG]',
  args: [2, 2],
  complete: 'image',
  options: {},
  examples: [{ command: 'shiplog tag busybox tools:1', what: 'a second name for the same image' }],
  async run(context, _flags, [image = '', name = '']) {
    const { repository, tag } = splitReference(name);
    await (await context.client()).docker.tagImage(image, repository, tag ?? 'latest');
    return EXIT.ok;
  },
});
