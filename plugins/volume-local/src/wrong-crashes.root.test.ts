// time limit: 240 s
import { randomBytes } from 'node:crypto';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import type { VolumeDriver } from '@shiplog/contracts';
import { volumeCrashSuite } from '@shiplog/conformance/volume';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { checksCanFail, temporaryDirectory } from '@shiplog/test-support';
import { LocalVolumeDriver } from './driver.ts';

interface Place {
  readonly stateDir: string;
  readonly runDir: string;
}

/** A driver's verbs instead of the right ones. */
type Wrong = (right: VolumeDriver, place: Place) => Partial<VolumeDriver>;
type Verb = Exclude<keyof VolumeDriver, 'observe'>;

const kernel = createKernel();
const test = suite('volume drivers that die wrongly');

/** The verb with something done before and after it, one and the same in all four. */
function around(verb: Verb, before: () => Promise<unknown>, after: () => Promise<unknown>): Wrong {
  return (right) => ({
    async [verb](args: never, ctx: never) {
      await before();
      const answer: unknown = await right[verb](args, ctx);
      await after();
      return answer;
    },
  });
}

/** Is as sure of a volume that is half done as of a whole one. */
function tellsTooMuch(verb: Verb): Wrong {
  return (right, { runDir }) => {
    const mark = join(runDir, 'half');
    return {
      ...around(
        verb,
        () => writeFile(mark, ''),
        () => rm(mark, { force: true }),
      )(right, { stateDir: '', runDir }),
      async observe() {
        const isHalf = await access(mark).then(
          () => true,
          () => false,
        );
        return [...(await right.observe()), ...(isHalf ? [{ resource: 'publication', id: 'half', of: 'data' }] : [])];
      },
    };
  };
}

/** Begins only after it has answered. */
function answersEarly(verb: Verb): Wrong {
  return (_, { runDir }) => ({
    async [verb](args: { readonly path: string }) {
      setImmediate(() => void writeFile(join(runDir, `done-${verb}`), 'x'));
      return verb === 'publish' ? { path: args.path } : {};
    },
  });
}

/** Takes what a dead one left for somebody else's. */
function refusesRemains(verb: Verb): Wrong {
  return (right, place) => {
    const claim = join(place.runDir, 'claim');
    return around(
      verb,
      () => writeFile(claim, '', { flag: 'wx' }),
      () => rm(claim),
    )(right, place);
  };
}

/** Works under a name that nobody finds again. */
function forgets(verb: Verb): Wrong {
  return (right, place) => {
    const scratch = join(place.runDir, randomBytes(8).toString('hex'));
    return around(
      verb,
      () => mkdir(scratch),
      () => rm(scratch, { recursive: true }),
    )(right, place);
  };
}

/** Remembers where a reboot does not reach what a reboot takes away. */
const remembers: Wrong = (right, { stateDir, runDir }) => ({
  async publish(args, ctx) {
    const flag = join(stateDir, 'flag');
    const isKnown = await access(flag).then(
      () => true,
      () => false,
    );
    if (!isKnown) await writeFile(join(runDir, 'users'), '');
    await writeFile(flag, '');
    return right.publish(args, ctx);
  },
});

const PROMISES = [
  ['when its driver is killed at any effect, then another one tells what is there', 'tells of what is half done', tellsTooMuch],
  ['when its driver is killed as soon as it answers, then all is done', 'answers before it begins', answersEarly],
  [
    'when its driver is killed at any effect and another one repeats it, then all is as if nothing had happened',
    'takes remains for somebody else’s',
    refusesRemains,
  ],
  [
    'when its driver is killed at any effect and another one undoes everything, then nothing is left',
    'works under a name that nobody finds again',
    forgets,
  ],
] as const;

const wrong: { [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'volume/local: given any moment, when the host reboots, then another one tells nothing that is gone, does all again and undoes it': {
    does: 'remembers over a reboot what that takes away',
    make: remembers,
  },
};
for (const verb of ['create', 'publish', 'unpublish', 'remove'] as const)
  for (const [promise, does, make] of PROMISES)
    wrong[`volume/local: given ${verb}, ${promise}`] = { does: `${does}, in ${verb}`, make: make(verb) };

checksCanFail<Wrong>({
  test,
  wrong,
  kit: (check, make) =>
    volumeCrashSuite({
      test: check,
      name: 'local',
      async factory() {
        const temporary = await temporaryDirectory();
        const [stateDir, runDir, scratch] = ['state', 'run', 'kit'].map((name) => join(temporary.path, name)) as [string, string, string];
        for (const path of [stateDir, runDir, scratch]) await mkdir(path);
        const { home } = createTestServices({ kernel, stateDir, runDir });
        const construct = (): VolumeDriver => {
          const right: VolumeDriver = new LocalVolumeDriver(kernel, home);
          const verbs: VolumeDriver = {
            create: (args, ctx) => right.create(args, ctx),
            publish: (args, ctx) => right.publish(args, ctx),
            unpublish: (args, ctx) => right.unpublish(args, ctx),
            remove: (args, ctx) => right.remove(args, ctx),
            observe: () => right.observe(),
          };
          return { ...verbs, ...make(verbs, { stateDir, runDir }) };
        };
        return {
          driver: construct(),
          kernel,
          scratch,
          stateDir,
          runDir,
          restart: async () => construct(),
          cleanup: async () => temporary[Symbol.asyncDispose](),
        };
      },
    }),
});

test.after(async () => kernel[Symbol.asyncDispose]());
test.run();
