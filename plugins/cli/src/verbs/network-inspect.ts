import { AT } from '../at.ts';
import { eachOf } from '../each-of.ts';
import { printDocuments } from '../format/print-documents.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  args: [1, Infinity],
  complete: 'network',
  options: {
    at: AT,
    format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.Driver}}' },
  },
  examples: [
    { command: 'shiplog network inspect bridge', what: 'all its facts' },
    { command: "shiplog network inspect bridge --at '1 hour ago'", what: 'as it was then' },
  ],
  async run(context, flags, args) {
    const { docker } = await context.client();
    const documents: unknown[] = [];
    const code = await eachOf(context, 'network inspect', args, async (name) => {
      documents.push(await docker.inspectNetwork(name, flags.at));
    });
    if (documents.length > 0 || flags.format === undefined) printDocuments(context, documents, flags.format);
    return code;
  },
});
