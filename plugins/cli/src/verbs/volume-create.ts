import { print } from '../context.ts';
import { keyValues } from '../create/key-values.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] [VOLUME]',
  args: [0, 1],
  options: {
    driver: { type: 'text', short: 'd', value: 'NAME', help: 'Volume driver (local)' },
    opt: { type: 'list', short: 'o', value: 'NAME=VALUE', help: 'Option of the driver' },
    label: { type: 'list', value: 'NAME[=VALUE]', help: 'Label' },
  },
  examples: [{ command: 'shiplog volume create data', what: 'a volume of this name; as before if there is one' }],
  async run(context, flags, [name]) {
    const { docker } = await context.client();
    const { Name: created } = await docker.createVolume({
      ...(name === undefined ? {} : { Name: name }),
      Driver: flags.driver ?? 'local',
      DriverOpts: keyValues(flags.opt),
      Labels: keyValues(flags.label),
    });
    print(context, created);
    return EXIT.ok;
  },
});
