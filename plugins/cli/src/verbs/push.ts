import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { BlobsBar } from '../format/blobs-bar.ts';
import { parseReference } from '@shiplog/oci/reference';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] NAME[:TAG]',
  args: [1, 1],
  options: {
    source: { type: 'text', value: 'NAME', help: 'Image source that pushes; without, the first that does' },
    quiet: { type: 'switch', short: 'q', help: 'Print the digest alone, and no progress' },
  },
  details:
    'Brings an image to the registry that its name says. Layers that are there already do not travel. Shiplog keeps no passwords: where a registry asks for one, push with the docker command, which does.',
  examples: [
    { command: 'shiplog push localhost:5000/app:1.0', what: 'to a registry on this machine' },
    { command: 'docker login ghcr.io && docker push ghcr.io/some/app', what: 'to one that asks who you are' },
  ],
  async run(context, { source, quiet }, [reference = '']) {
    const { docker } = await context.client();
    const { name, tag = 'latest' } = parseReference(reference);
    const bar = new BlobsBar(context.stderr, `Pushing ${reference}`, quiet);
    try {
      for await (const line of await docker.pushImage(name, { tag, ...(source === undefined ? {} : { source }) })) {
        if (bar.takes(line) || line.status === undefined) continue;
        bar.clear();
        const [, digest] = / digest: (\S+)/.exec(line.status) ?? [];
        if (!quiet) print(context, line.status);
        else if (digest !== undefined) print(context, digest);
      }
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});
