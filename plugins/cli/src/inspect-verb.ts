import type { DockerClient } from '@shiplog/client';
import { AT } from './at.ts';
import { eachOf } from './each-of.ts';
import { printDocuments } from './format/print-documents.ts';
import { defineVerb, type Verb } from './verb.ts';

/** The verb `inspect` of networks or volumes: `example` is a name of one. */
export function inspectVerb(
  kind: 'network' | 'volume',
  example: string,
  inspect: (docker: DockerClient, name: string, at: string | undefined) => Promise<unknown>,
): Verb {
  const word = kind.toUpperCase();
  return defineVerb({
    usage: `[OPTIONS] ${word} [${word}...]`,
    args: [1, Infinity],
    complete: kind,
    options: {
      at: AT,
      format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.Driver}}' },
    },
    examples: [
      { command: `shiplog ${kind} inspect ${example}`, what: 'all its facts' },
      { command: `shiplog ${kind} inspect ${example} --at '1 hour ago'`, what: 'as it was then' },
    ],
    async run(context, flags, args) {
      const { docker } = await context.client();
      const documents: unknown[] = [];
      const code = await eachOf(context, `${kind} inspect`, args, async (name) => {
        documents.push(await inspect(docker, name, flags.at));
      });
      if (documents.length > 0 || flags.format === undefined) printDocuments(context, documents, flags.format);
      return code;
    },
  });
}
