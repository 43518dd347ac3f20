import { wrongCrashes, type WrongVerbs } from '@shiplog/conformance/crash/wrong';
import { replacing } from '@shiplog/conformance/runtime/wrong';
import type { RuntimeDriver } from '@shiplog/contracts';
import { type DriverDefinition, defineDriver, definePlugin, instantiate } from '@shiplog/driver-kit';
import plugin from './index.ts';

// A plugin whose driver dies wrongly, in the way that the check catches which the module's URL names: processes that die import it, too.

/** In the order of the kit; an exec session is made ready and run by one call, which is wrong in its first half. */
const VERBS = ['create', 'start', 'resize', 'execCreate', 'execRemove', 'signal', 'remove'];

export const WRONG = Object.fromEntries(
  Object.entries(wrongCrashes('runtime', VERBS, 'create')).map(([check, wrong]) => [
    check.replace('given execCreate,', 'given exec,'),
    wrong,
  ]),
);

/** What drivers over the same directory remember together, in this process. */
const memories = new Map<string, Map<string, unknown>>();
const right = plugin.drivers.find(({ manifest }) => manifest.kind === 'runtime') as DriverDefinition<'runtime'>;
const wrong: WrongVerbs | undefined = WRONG[new URL(import.meta.url).searchParams.get('check') ?? '']?.make;

export default definePlugin({
  manifest: plugin.manifest,
  drivers: [
    defineDriver({
      manifest: right.manifest,
      create(services): RuntimeDriver {
        const { driver } = instantiate(right, services);
        const directory = services.home.runDir;
        const memory = memories.get(directory) ?? new Map<string, unknown>();
        memories.set(directory, memory);
        return wrong === undefined ? driver : replacing(driver, wrong(driver, { directory, memory }) as Partial<RuntimeDriver>);
      },
    }),
  ],
});
