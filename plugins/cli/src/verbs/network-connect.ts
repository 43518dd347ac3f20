import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'NETWORK CONTAINER',
  args: [2, 2],
  complete: 'network',
  details:
    'At once if the container runs, and at each of its starts from then on. Ports stay published where they are until the next start.',
  options: {
    ip: { type: 'text', value: 'ADDRESS', help: 'IPv4 address' },
    alias: { type: 'list', value: 'NAME', help: 'Further name on the network' },
  },
  examples: [{ command: 'shiplog network connect --ip 10.9.0.7 back web', what: 'a running container on one more network' }],
  async run(context, { ip, alias = [] }, [network = '', container = '']) {
    const { docker } = await context.client();
    await docker.connectNetwork(network, container, {
      ...(ip === undefined ? {} : { IPAMConfig: { IPv4Address: ip } }),
      ...(alias.length === 0 ? {} : { Aliases: alias }),
    });
    return EXIT.ok;
  },
});
