import { UsageError } from '../cli-error.ts';
import { note } from '../context.ts';
import { printDocuments } from '../format/print-documents.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] NAME [PARAMETER=VALUE...]',
  args: [1, Infinity],
  options: { format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json (one line), or a template of the view' } },
  details:
    'Projections are plugins that fold the log into a view of their own. Parameters are handed to the projection; it says what they mean.',
  examples: [{ command: 'shiplog view starts container=web', what: 'what the projection `starts` has to say of one container' }],
  async run(context, flags, [name = '', ...parameters]) {
    const query: Record<string, string> = {};
    for (const parameter of parameters) {
      const cut = parameter.indexOf('=');
      if (cut < 1) throw new UsageError(`parameters are NAME=VALUE, not "${parameter}"`);
      query[parameter.slice(0, cut)] = parameter.slice(cut + 1);
    }
    const { native } = await context.client();
    const { first, view } = await native.view(name, query);
    if (first > 0) note(context, `The view knows of event ${first} and later: what was before was pruned.`);
    printDocuments(context, [view], flags.format);
    return EXIT.ok;
  },
});
