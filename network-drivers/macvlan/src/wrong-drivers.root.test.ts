import { suite } from 'uvu';
import { apart, driverFixture, networkSuite } from '@shiplog/conformance/network';
import type { NetworkDriver } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import { checksCanFail, replacing } from '@shiplog/test-support';
import plugin from './index.ts';

/** A driver's verbs instead of the right ones. */
type Wrong = (right: NetworkDriver) => Partial<NetworkDriver>;

const kernel = createKernel();

/** By what the kit checks of drivers on a wire; wrong drivers for all else are beside the bridge. */
const WRONG = {
  'given a neighbour on the wire, when it and a container ask each other, then both answer and see whom they talk to': {
    does: 'gives other addresses than it was asked for',
    make: (right) => ({
      attach: (args, ctx) => right.attach({ ...args, address: args.address.replace(/\.\d+\//, '.102/') }, ctx),
    }),
  },
  'given a server in a container, when the host asks it on the parent, then nothing answers': {
    does: 'puts the host on the wire, too',
    make: (right) => ({
      async attach(args, ctx) {
        const answer = await right.attach(args, ctx);
        const [address = ''] = args.address.split('/');
        const host = `${address.replace(/\.\d+$/, '.99')}/32`;
        await kernel.links.createStacked(
          args.network.options['parent'] ?? '',
          { kind: 'macvlan', mode: 'bridge' },
          { name: 'hostwire0', up: true, addresses: [host] },
        );
        await kernel.links.addRoute({ to: `${address}/32`, device: 'hostwire0' });
        return answer;
      },
      async detach(args, ctx) {
        await kernel.links.remove('hostwire0');
        return right.detach(args, ctx);
      },
    }),
  },
} satisfies { readonly [check: string]: { readonly does: string; readonly make: Wrong } };

if (await apart(import.meta.filename)) {
  const test = suite('wrong network drivers on a wire');
  checksCanFail<Wrong>({
    test,
    of: 'network',
    wrong: WRONG,
    kit: (check, wrong) =>
      networkSuite({
        test: (name, body) => void (name in WRONG && check(name, body)),
        capabilities: { sandbox: true, addresses: true, ports: false, routed: false, wired: true, mac: true },
        async factory() {
          const right = await driverFixture(plugin, kernel, { wired: true });
          return { ...right, driver: replacing(right.driver, wrong(right.driver)) };
        },
      }),
  });
  test.after(async () => kernel[Symbol.asyncDispose]());
  test.run();
}
