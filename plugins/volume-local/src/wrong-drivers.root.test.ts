// time limit: 240 s
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import { ShiplogError, type VolumeDriver } from '@shiplog/contracts';
import { type WrongVerbs, wrongCrashes } from '@shiplog/conformance/crash/wrong';
import { volumeCrashSuite, volumeSuite } from '@shiplog/conformance/volume';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { checksCanFail, replacing, temporaryDirectory } from '@shiplog/test-support';
import { LocalVolumeDriver } from './driver.ts';

/** A driver's verbs instead of the right ones. */
type Wrong = (right: VolumeDriver) => Partial<VolumeDriver>;
type Publish = Parameters<VolumeDriver['publish']>[0];

const kernel = createKernel();
const test = suite('wrong volume drivers');

/** The volume `name` is where another of that name would be. */
const at = <A extends { readonly path: string }>(args: A, name: string): A => ({
  ...args,
  path: join(dirname(dirname(args.path)), name, '_data'),
});

/** Copies as this process's user, whatever is there. */
const copyOver: Wrong = (right) => ({
  async publish({ seed, ...args }: Publish, ctx) {
    const { path } = await right.publish(args, ctx);
    if (seed !== undefined) await cp(join(seed.root, seed.path), path, { recursive: true, verbatimSymlinks: true });
    return { path };
  },
});

/** By what the kit checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'given a volume, when one consumer writes and another comes later, then it finds the content': {
    does: 'empties a volume when its last consumer leaves',
    make: (right) => ({
      async unpublish(args, ctx) {
        await rm(args.path, { recursive: true, force: true });
        return right.unpublish(args, ctx);
      },
    }),
  },
  'given every verb, when it is repeated, then the world is as after the first time': {
    does: 'makes a volume anew that is there',
    make: (right) => ({
      async create(args, ctx) {
        await rm(args.path, { recursive: true, force: true });
        return right.create(args, ctx);
      },
    }),
  },
  'given a volume that was removed, when it is made again, then nothing of the old one is in it': {
    does: 'removes nothing',
    make: () => ({ remove: async () => ({}) }),
  },
  'given two consumers, when one leaves, then the other still has the content': {
    does: 'takes the first to leave for the last',
    make: (right) => ({ unpublish: (args, ctx) => right.remove(args, ctx) }),
  },
  'given a consumer when the driver ends, when another driver goes on, then it can be let go of and the volume removed': {
    does: 'knows consumers of its own life only',
    make(right) {
      const known = new Set<string>();
      return {
        publish(args, ctx) {
          known.add(args.consumer);
          return right.publish(args, ctx);
        },
        async unpublish(args, ctx) {
          if (!known.has(args.consumer)) throw new ShiplogError('DRIVER_FAILED', `${args.consumer} is no consumer`);
          return right.unpublish(args, ctx);
        },
      };
    },
  },
  'given many volumes and consumers at once, when all come and go, then each has its own content': {
    does: 'gives every consumer a volume of its own',
    make: (right) => ({ publish: (args, ctx) => right.publish(at(args, `${args.name}-${args.consumer}`), ctx) }),
  },
  'given names at the limits, when volumes have them, then they are apart': {
    does: 'takes dots out of names',
    make(right) {
      const short = <A extends Publish>(args: A): A => at(args, args.name.replaceAll('.', '').slice(0, 100));
      return { publish: (args, ctx) => right.publish(short(args), ctx) };
    },
  },
  'given options that are none, when a volume is made with them, then they are refused': {
    does: 'takes any option',
    make: (right) => ({ create: (args, ctx) => right.create({ ...args, options: {} }, ctx) }),
  },
  'given an empty volume, when it is published with a seed, then it has what is there, owners, modes and links included': {
    does: 'copies files without their owners',
    make: copyOver,
  },
  'given a volume that holds something, when it is published with a seed, then it stays as it is': {
    does: 'copies into a volume that is not empty',
    make: copyOver,
  },
  'given a seed that leads out of the image or is not there, when published, then nothing of the host comes in': {
    does: 'follows symlinks out of the image',
    make: (right) => ({
      async publish({ seed, ...args }: Publish, ctx) {
        const { path } = await right.publish(args, ctx);
        // The names are enough.
        const names = seed === undefined ? [] : await readdir(join(seed.root, seed.path)).catch(() => []);
        for (const name of names) await writeFile(join(path, name), '');
        return { path };
      },
    }),
  },
  'given several consumers that come at once, when each brings a seed, then all find the whole of it': {
    does: 'does not let the second consumer wait for the copy',
    make(right) {
      const copying = new Set<string>();
      return {
        async publish(args, ctx) {
          if (copying.has(args.name)) return { path: args.path };
          copying.add(args.name);
          return right.publish(args, ctx);
        },
      };
    },
  },
};

interface Place {
  readonly runDir: string;
  readonly memory: Map<string, unknown>;
}

async function fixture(wrong: (right: VolumeDriver, place: Place) => Partial<VolumeDriver>) {
  const temporary = await temporaryDirectory();
  const [stateDir, runDir, scratch] = ['state', 'run', 'kit'].map((name) => join(temporary.path, name)) as [string, string, string];
  for (const path of [stateDir, runDir, scratch]) await mkdir(path);
  const { home } = createTestServices({ kernel, stateDir, runDir });
  const place: Place = { runDir, memory: new Map() };
  const make = (): VolumeDriver => {
    const right: VolumeDriver = new LocalVolumeDriver(kernel, home);
    return replacing(right, wrong(right, place));
  };
  return {
    driver: make(),
    name: 'local',
    kernel,
    directory: scratch,
    scratch,
    stateDir,
    runDir,
    refused: { shape: 'round' },
    lasting: true,
    restart: async () => make(),
    cleanup: async () => temporary[Symbol.asyncDispose](),
  };
}

checksCanFail<Wrong>({
  test,
  of: 'volume',
  wrong: WRONG,
  kit: (check, wrong) => volumeSuite({ test: check, factory: () => fixture(wrong) }),
});

checksCanFail<WrongVerbs>({
  test,
  of: 'volume',
  wrong: wrongCrashes('volume/local', ['create', 'publish', 'unpublish', 'remove'], 'publish'),
  kit: (check, wrong) =>
    volumeCrashSuite({
      test: check,
      name: 'local',
      factory: () => fixture((right, { runDir, memory }) => wrong(right, { directory: runDir, memory })),
    }),
});

test.after(async () => kernel[Symbol.asyncDispose]());
test.run();
