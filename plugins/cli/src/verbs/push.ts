import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
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
    const bar = new ProgressBar(context.stderr, `Pushing ${reference}`, { unit: 'bytes', quiet });
    const blobs = new Map<string, { readonly current: number; readonly total: number }>();
    const sum = (of: 'current' | 'total'): number => [...blobs.values()].reduce((all, blob) => all + blob[of], 0);
    try {
      for await (const { id, status, progressDetail } of await docker.pushImage(name, {
        tag,
        ...(source === undefined ? {} : { source }),
      })) {
        const { current, total } = progressDetail ?? {};
        if (id !== undefined && current !== undefined && total !== undefined) {
          blobs.set(id, { current, total });
          bar.update(sum('current'), sum('total'));
        } else if (id === undefined && status !== undefined) {
          bar.clear();
          const [, digest] = / digest: (\S+)/.exec(status) ?? [];
          if (!quiet) print(context, status);
          else if (digest !== undefined) print(context, digest);
        }
      }
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});
