import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@shiplog/test-support';
import { boot } from './boot.ts';
import { initramfs } from './initramfs.ts';
import { guestKernel } from './kernel.ts';
import { repositoryTar } from './repository-tar.ts';
import { rootImage } from './root-image.ts';

/** What machines outside cannot prove, or only on version 1 of cgroups: parts of paths of built tests. */
const UNPROVEN = [
  'plugins/cgroup-v2/',
  'test/guest/dist/tour',
  'plugins/runtime-oci/dist/session-groups',
  'network-drivers/ipvlan/',
  'storage-drivers/btrfs/dist/plugin',
  'storage-drivers/btrfs/dist/subvolumes',
] as const;
const MACVLAN = 'network-drivers/macvlan/';

/** All that is worth an emulated processor's time: with the storage kit on btrfs, which takes as long as the rest. */
export const USUAL = [...UNPROVEN, MACVLAN, 'storage-drivers/btrfs/'] as const;

/** What this machine cannot prove: macvlan, only where its kernel has no such links. */
export async function unproven(): Promise<readonly string[]> {
  return (await hasMacvlan()) ? UNPROVEN : [...UNPROVEN, MACVLAN];
}

/** Asked in a network namespace that goes with its process. */
async function hasMacvlan(): Promise<boolean> {
  const links = 'ip link add veth0 type veth peer name veth1 && ip link add link veth0 name sub0 type macvlan';
  return (await run('unshare', ['--net', 'sh', '-c', links])).code === 0;
}

const repository = new URL('../../..', import.meta.url).pathname;
const cache = join(repository, 'node_modules/.cache/guest');

/**
 * Makes the disks as far as they are not there, boots the guest, and runs the tests whose path contains one of `patterns`: letters, digits, dots,
 * dashes and slashes. Hands what the runner in it prints to `print`, line by line. Resolves with its exit code; throws if the
 * guest does not boot, or takes longer than `limitMs`.
 */
export async function runGuest(patterns: readonly string[], limitMs: number, print: (line: string) => void): Promise<number> {
  await mkdir(cache, { recursive: true });
  const began = performance.now();
  const kernel = await guestKernel(join(cache, 'kernel'));
  const disks = [await rootImage(repository, cache, kernel), await repositoryTar(repository, cache)];
  const archive = await initramfs(cache, kernel);
  print(`guest: ready to boot in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const guest = { kernel: kernel.image, initramfs: archive, disks, patterns, memoryMiB: 2048, limitMs };
  return boot({ ...guest, consoleLog: join(cache, 'console.log') }, print);
}
