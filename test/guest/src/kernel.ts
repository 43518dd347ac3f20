import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Debian's kernel for cloud machines, as plugins/setup unpacked it. */
export interface GuestKernel {
  readonly version: string;
  readonly image: string;
  /** `lib/modules/<version>`, indexed. */
  readonly modules: string;
}

/** Finds the kernel below `directory` and indexes its modules once, since the package leaves that to its installation. */
export async function guestKernel(directory: string): Promise<GuestKernel> {
  const versions = await readdir(join(directory, 'lib/modules')).catch(() => []);
  const [version] = versions;
  if (version === undefined) throw new Error(`there is no kernel in ${directory}; run sh plugins/setup/setup.sh --for-tests`);
  const modules = join(directory, 'lib/modules', version);
  const indexed = await access(join(modules, 'modules.dep')).then(
    () => true,
    () => false,
  );
  if (!indexed) await exec('/bin/busybox', ['depmod', '-b', directory, version]);
  return { version, image: join(directory, 'boot', `vmlinuz-${version}`), modules };
}
