import { eachOf } from '../each-of.ts';
import { printDocuments } from '../format/print-documents.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] PLUGIN [PLUGIN...]',
  args: [1, Infinity],
  options: { format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.status}}' } },
  examples: [
    { command: 'shiplog plugin inspect @shiplog/storage-overlay', what: 'its drivers, what they can do, and whether they can run here' },
    { command: "shiplog plugin inspect -f '{{.lastFailure}}' my-plugin", what: 'why did it end?' },
  ],
  async run(context, flags, args) {
    const { native } = await context.client();
    const documents: unknown[] = [];
    const code = await eachOf(context, 'plugin inspect', args, async (name) => {
      documents.push(await native.plugin(name));
    });
    if (documents.length > 0 || flags.format === undefined) printDocuments(context, documents, flags.format);
    return code;
  },
});
