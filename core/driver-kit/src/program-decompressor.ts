import { access } from 'node:fs/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import type { Decompressor } from '@shiplog/oci';

/** Bytes that xz may take: four times what `xz -9` asks for. An archive may ask for more than the host has. */
const MEMORY = '256MiB';

const PROGRAMS = {
  xz: { path: '/usr/bin/xz', package: 'xz-utils', options: ['--threads=1', `--memlimit-decompress=${MEMORY}`] },
  bzip2: { path: '/usr/bin/bzip2', package: 'bzip2', options: [] },
} as const;

/** util-linux. An archive is hostile, and who reads it need not be root. */
const SETPRIV = '/usr/bin/setpriv';
const WITHOUT_PRIVILEGE = ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];

/**
 * Decompresses xz and bzip2 by the programs of these names, which run as nobody where this process is root, and end when the reader leaves.
 *
 * Throws HOST_UNSUITABLE where the program is missing, ARCHIVE_INVALID when the data are broken or cut or ask for too much memory; errors of the source pass unchanged.
 */
export function programDecompressor(kernel: Kernel): Decompressor {
  return async function* (compression, source) {
    const { path, package: brings, options } = PROGRAMS[compression];
    const missing = await access(path).then(
      () => false,
      () => true,
    );
    if (missing) {
      throw new ShiplogError(
        'HOST_UNSUITABLE',
        `the archive is compressed by ${compression}, and ${path} is missing; install ${brings}, or use gzip or zstd`,
        { program: path, package: brings },
      );
    }
    const command = [path, '--decompress', '--stdout', ...options];
    const [program = '', ...args] = process.geteuid?.() === 0 ? [SETPRIV, ...WITHOUT_PRIVILEGE, ...command] : command;
    try {
      yield* kernel.processes.filter({ program, args, env: { LC_ALL: 'C' }, directory: '/', input: source });
    } catch (error) {
      if (!(error instanceof ShiplogError) || error.facts['call'] !== 'filter') throw error;
      const said = String(error.facts['stderr']);
      throw new ShiplogError(
        'ARCHIVE_INVALID',
        `the ${compression} data could not be decompressed: ${said}`,
        { compression },
        { cause: error },
      );
    }
  };
}
