import { print } from '../context.ts';
import { keyValues } from '../create/key-values.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] NETWORK',
  args: [1, 1],
  options: {
    driver: { type: 'text', short: 'd', value: 'NAME', help: 'Network driver (bridge)' },
    subnet: { type: 'text', value: 'CIDR', help: 'Addresses; the engine chooses without' },
    gateway: { type: 'text', value: 'ADDRESS', help: 'Gateway in the subnet' },
    internal: { type: 'switch', help: 'No way out of it' },
    opt: { type: 'list', short: 'o', value: 'NAME=VALUE', help: 'Option of the driver' },
    label: { type: 'list', value: 'NAME[=VALUE]', help: 'Label' },
  },
  examples: [{ command: 'shiplog network create --subnet 10.9.0.0/24 back', what: 'a bridge with addresses of your choice' }],
  async run(context, flags, [name = '']) {
    const { docker } = await context.client();
    const pool = {
      ...(flags.subnet === undefined ? {} : { Subnet: flags.subnet }),
      ...(flags.gateway === undefined ? {} : { Gateway: flags.gateway }),
    };
    const { Id: id } = await docker.createNetwork({
      Name: name,
      Driver: flags.driver ?? 'bridge',
      Internal: flags.internal,
      IPAM: { Driver: 'default', Config: Object.keys(pool).length === 0 ? [] : [pool] },
      Options: keyValues(flags.opt),
      Labels: keyValues(flags.label),
    });
    print(context, id);
    return EXIT.ok;
  },
});
