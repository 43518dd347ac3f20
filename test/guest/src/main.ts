// Tests in the guest: node test/guest/dist/main.js [part of a path…]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { boot } from './boot.ts';
import { initramfs } from './initramfs.ts';
import { guestKernel } from './kernel.ts';
import { repositoryTar } from './repository-tar.ts';
import { rootImage } from './root-image.ts';

const LIMIT_MS = 20 * 60_000;
const USUAL = ['plugins/cgroup-v2', 'test/guest'];

const repository = new URL('../../..', import.meta.url).pathname;
const cache = join(repository, 'node_modules/.cache/guest');
const patterns = process.argv.length > 2 ? process.argv.slice(2) : USUAL;
const odd = patterns.find((pattern) => !/^[\w./-]+$/.test(pattern));
if (odd !== undefined) {
  console.error(`'${odd}' is no part of a test's path: letters, digits, dots, dashes and slashes`);
  process.exit(2);
}
await mkdir(cache, { recursive: true });
const began = performance.now();
const kernel = await guestKernel(join(cache, 'kernel'));
const disks = [await rootImage(repository, cache, kernel), await repositoryTar(repository, cache)];
const guest = { kernel: kernel.image, initramfs: await initramfs(cache, kernel), disks, patterns };
console.log(`guest: ready to boot in ${((performance.now() - began) / 1000).toFixed(1)} s`);
process.exitCode = await boot({ ...guest, memoryMiB: 2048, limitMs: LIMIT_MS, consoleLog: join(cache, 'console.log') }, (line) =>
  console.log(line),
);
