import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'NETWORK CONTAINER',
  args: [2, 2],
  complete: 'network',
  details: 'Also from the network it was created on. Ports that are published there go with it.',
  options: {
    force: { type: 'switch', short: 'f', help: 'Taken for the sake of scripts; nothing keeps a container from leaving' },
  },
  examples: [{ command: 'shiplog network disconnect bridge web', what: 'off the default network' }],
  async run(context, _flags, [network = '', container = '']) {
    const { docker } = await context.client();
    await docker.disconnectNetwork(network, container);
    return EXIT.ok;
  },
});
