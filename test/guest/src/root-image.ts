import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, cp, lstat, mkdir, readdir, readFile, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { installedPackages, type Lock } from './installed-packages.ts';
import type { GuestKernel } from './kernel.ts';
import { sharedLibraries } from './shared-libraries.ts';

const exec = promisify(execFile);

/** What the guest has of this machine. What is missing here is missing there, and tests that want it say so. */
const COMMANDS = 'sh ip nft crun runc conmon docker nsenter unshare mount umount losetup script ps strace btrfs mkfs.btrfs tar ldd'.split(
  ' ',
);
const FILES = ['/etc/passwd', '/etc/group', '/etc/nsswitch.conf', '/etc/protocols', '/usr/share/containers/seccomp.json'];
/** Loaded by name while running, or wanted by native modules: no program is linked with them. */
const LIBRARIES = 'libnftables.so.1 libnss_files.so.2 libgcc_s.so.1 libstdc++.so.6 librt.so.1 libdl.so.2 libpthread.so.0 libm.so.6'.split(
  ' ',
);
const MODULES = ['lib', 'crypto', 'fs', 'net', 'block', 'drivers/block', 'drivers/net', 'drivers/virtio', 'drivers/char'];
const DEVELOPMENT = ['uvu', 'fast-check', 'memory-level'];
/** The guest's disk, of which only what is written takes place here. */
const SIZE = '3G';

/**
 * An ext4 image with all the guest has except the repository's own packages, which change more often. Kept in `cache` under
 * the hash of what went in; older ones are removed.
 */
export async function rootImage(repository: string, cache: string, kernel: GuestKernel): Promise<string> {
  const files = await filesOf();
  const hash = createHash('sha256').update(kernel.version);
  for (const path of files) {
    const { size, mtimeMs } = await lstat(await realpath(path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  for (const path of [join(repository, 'package-lock.json'), new URL('../guest/run-tests', import.meta.url), new URL(import.meta.url)])
    hash.update(await readFile(path));
  const name = `root-${hash.digest('hex').slice(0, 16)}.ext4`;
  const image = join(cache, name);
  if (await exists(image)) return image;
  for (const old of await readdir(cache)) if (old.startsWith('root-')) await rm(join(cache, old), { recursive: true });
  const tree = join(cache, 'root-tree');
  await rm(tree, { recursive: true, force: true });
  await fill(tree, repository, kernel, files);
  // Renamed when whole, so that a half-made one is never taken for it.
  await exec('mke2fs', ['-q', '-F', '-t', 'ext4', '-E', 'root_owner=0:0', '-d', tree, `${image}.new`, SIZE], { env: withSbin() });
  await rename(`${image}.new`, image);
  await rm(tree, { recursive: true });
  return image;
}

async function fill(tree: string, repository: string, kernel: GuestKernel, files: readonly string[]): Promise<void> {
  for (const directory of 'proc sys dev run tmp root shiplog usr/bin usr/sbin usr/lib usr/lib64 etc var/lib var/tmp usr/local/bin'.split(
    ' ',
  ))
    await mkdir(join(tree, directory), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(tree, name));
  await exec('/bin/busybox', ['--install', '-s', join(tree, 'usr/bin')]);
  for (const path of files) {
    // The docker command may be unpacked among our own caches.
    const target = join(tree, path.startsWith(repository) ? `usr/local/bin/${basename(path)}` : path);
    await mkdir(dirname(target), { recursive: true });
    await cp(await realpath(path), target, { force: true });
  }
  // The kernel asks for modules by this name.
  await symlink('/bin/busybox', join(tree, 'usr/sbin/modprobe'));
  await cp(new URL('../guest/run-tests', import.meta.url).pathname, join(tree, 'sbin/run-tests'));
  const modules = join(tree, 'usr/lib/modules', kernel.version);
  for (const name of await readdir(kernel.modules))
    if (name.startsWith('modules.')) await cp(join(kernel.modules, name), join(modules, name));
  for (const part of MODULES) {
    const from = join(kernel.modules, 'kernel', part);
    if (await exists(from)) await cp(from, join(modules, 'kernel', part), { recursive: true });
  }
  await copyPackages(tree, repository);
}

async function copyPackages(tree: string, repository: string): Promise<void> {
  const lock = JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as Lock;
  for (const path of installedPackages(lock, DEVELOPMENT)) {
    const from = join(repository, path);
    // Optional packages for other machines are in the lock file and not here.
    if (!(await exists(from))) continue;
    const whole = !path.includes('/node-linux-');
    await cp(whole ? from : join(from, 'bin'), join(tree, 'shiplog', whole ? path : `${path}/bin`), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  for (const directory of ['.bin', '@shiplog']) {
    await mkdir(join(tree, 'shiplog/node_modules', directory), { recursive: true });
    for (const name of await readdir(join(repository, 'node_modules', directory))) {
      const link = join(repository, 'node_modules', directory, name);
      await symlink(await readlink(link), join(tree, 'shiplog/node_modules', directory, name));
    }
  }
}

/** Commands, files and libraries, with the libraries all of them need, as absolute paths of this machine. */
async function filesOf(): Promise<readonly string[]> {
  const found = new Set<string>(['/bin/busybox']);
  for (const path of FILES) if (await exists(path)) found.add(path);
  const { stdout } = await exec('ldconfig', ['-p'], { env: withSbin() });
  const linked: string[] = [process.execPath];
  for (const library of LIBRARIES) {
    const path = new RegExp(`^\\s*${library.replaceAll(/[.+]/g, '\\$&')} .*=> (/\\S+)$`, 'm').exec(stdout)?.[1];
    if (path !== undefined) linked.push(path);
  }
  for (const command of COMMANDS) {
    const path = await which(command);
    if (path !== undefined) linked.push(path);
  }
  for (const path of linked) {
    // Node comes with the packages.
    if (path !== process.execPath) found.add(path);
    for (const library of await sharedLibraries(path)) found.add(library);
  }
  return [...found].toSorted();
}

async function which(command: string): Promise<string | undefined> {
  for (const directory of (withSbin().PATH ?? '').split(delimiter)) {
    const path = join(directory, command);
    if (!path.includes('node_modules/.bin') && (await exists(path))) return path;
  }
  return undefined;
}

function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
