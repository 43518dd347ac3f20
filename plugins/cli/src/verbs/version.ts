import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    client: { type: 'switch', help: 'This command only; asks no engine' },
    format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.Server.Version}}' },
  },
  examples: [{ command: 'shiplog version', what: 'versions of both sides' }],
  async run(context, flags) {
    const client = { Version: VERSION, NodeVersion: process.version, Os: process.platform, Arch: process.arch };
    if (flags.client) {
      await show(context, { Client: client }, flags.format);
      return EXIT.ok;
    }
    const { docker } = await context.client();
    try {
      const [ping, server] = [await docker.ping(), await docker.version()];
      await show(context, { Client: { ...client, ApiVersion: ping.apiVersion }, Server: server }, flags.format);
      return EXIT.ok;
    } catch (error) {
      await show(context, { Client: client }, flags.format);
      if (flags.format === undefined) note(context, '');
      throw error;
    }
  },
});

async function show(context: Context, versions: { readonly [side: string]: object }, format: string | undefined): Promise<void> {
  if (format !== undefined) {
    const { printDocuments } = await import('../format/print-documents.ts');
    printDocuments(context, [versions], format);
    return;
  }
  for (const [side, facts] of Object.entries(versions)) {
    print(context, context.colors.bold(`${side}:`));
    for (const [name, value] of Object.entries(facts))
      if (typeof value === 'string' && value !== '') print(context, `  ${`${name}:`.padEnd(18)}${value}`);
  }
}
