import { closeSync, openSync } from 'node:fs';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kernel } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { realKernel } from '../real-kernel.ts';
import { interceptKernel, KERNEL_CALLS } from './kernel.ts';
import { Lifetime } from './lifetime.ts';

type Calls = { readonly [name: string]: (path: string) => Promise<unknown> };

const test = suite<{ directory: string; cleanup: () => Promise<void> }>('a kernel port that drivers die in');

test.before.each(async (world) => {
  const { path, cleanup } = await temporaryDirectory();
  Object.assign(world, { directory: path, cleanup });
});
test.after.each(({ cleanup }) => cleanup());

/** A port whose calls say that they were made, and answer with what they are to hold: descriptors of `file`, where that is what they do. */
function countingKernel(file: string): { readonly kernel: Kernel; readonly made: string[]; readonly opened: number[] } {
  const made: string[] = [];
  const opened: number[] = [];
  const open = (): number => {
    const fd = openSync(file, 'r');
    opened.push(fd);
    return fd;
  };
  const answers: { readonly [call: string]: () => unknown } = {
    'trees.ofProcess': open,
    'trees.assemble': open,
    'trees.open': open,
    'sockets.bind': () => ({ udp: open(), tcp: open(), port: 1 }),
  };
  const groups = Object.entries(KERNEL_CALLS).map(([group, kinds]) => {
    const answering = (name: string) => async (): Promise<unknown> => {
      made.push(`${group}.${name}`);
      return answers[`${group}.${name}`]?.();
    };
    return [group, Object.fromEntries(Object.keys(kinds).map((name) => [name, answering(name)]))];
  });
  return { kernel: Object.fromEntries(groups) as Kernel, made, opened };
}

async function openFiles(): Promise<readonly string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return Promise.all(links);
}

for (const [group, kinds] of Object.entries(KERNEL_CALLS))
  for (const [name, kind] of Object.entries(kinds).filter((entry) => entry[1] !== 'at once'))
    test(`given ${group}.${name}, when a life makes it, then it is ${kind === 'effect' ? 'an effect' : 'none'}, and a life that has ended makes it no more`, async ({
      directory,
    }) => {
      const file = join(directory, 'file');
      await writeFile(file, '');
      const { kernel, made, opened } = countingKernel(file);
      const restore = interceptKernel(kernel);
      try {
        const call = (): Promise<unknown> => (kernel[group as keyof Kernel] as unknown as Calls)[name]!('/path');
        const life = new Lifetime();
        await life.live(call);
        // A program counts twice: not begun, and begun.
        const effects = kind !== 'effect' ? 0 : name === 'spawn' ? 2 : 1;
        assert.equal([life.hasAnswered, life.effects.length], [true, effects]);
        assert.not.ok((await openFiles()).includes(file), `${opened.length} descriptors outlive who opened them`);

        made.length = 0;
        const dead = new Lifetime(1);
        await dead.live(async () => {
          await kernel.mounts.unmount('/path');
          await call();
        });
        const dying = new Lifetime(1);
        await dying.live(async () => {
          void kernel.mounts.unmount('/path');
          await call();
        });
        assert.equal([made, dead.hasAnswered, dying.hasAnswered], [[], false, false]);
      } finally {
        restore();
      }
    });

test('given a descriptor that its holder closed, when its number is another file’s, then the end of the life leaves that open', async ({
  directory,
}) => {
  const [file, other] = [join(directory, 'file'), join(directory, 'other')];
  for (const one of [file, other]) await writeFile(one, '');
  const { kernel } = countingKernel(file);
  const restore = interceptKernel(kernel);
  const again: number[] = [];
  try {
    await new Lifetime().live(async () => {
      closeSync((await kernel.trees.open(0, '/path', { follow: true })) ?? -1);
      // The lowest number that is free.
      again.push(Lifetime.outside(() => openSync(other, 'r')));
    });
    assert.ok((await openFiles()).includes(other));
  } finally {
    restore();
    for (const fd of again) closeSync(fd);
  }
});

for (const [what, kernel] of [
  ['Linux', await realKernel()],
  ['the recording double', createRecordingKernel()],
] as const)
  test(`given the port of ${what}, when its calls are listed, then a life knows each`, () => {
    for (const [group, kinds] of Object.entries(KERNEL_CALLS))
      assert.equal(Object.keys(kernel[group as keyof Kernel]).toSorted(), Object.keys(kinds).toSorted(), group);
  });

test.run();
