import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';

/** What TLS with a host is spoken with: whom its certificate may be of, and the one that is shown to it. PEM. */
export interface HostCertificates {
  readonly ca: readonly string[];
  readonly cert: readonly string[];
  readonly key: readonly string[];
}

/**
 * Certificates by host, in directories as Docker has them (dockerd, "Verify repository client with certificates"): `<directory>/<host[:port]>/` with `*.crt`, authorities beside those
 * that are known anyway, and pairs `NAME.cert`, `NAME.key`. Those of a host are read when it is first asked.
 */
export class Certificates {
  readonly #directories: readonly string[];
  readonly #read = new Map<string, Promise<HostCertificates | undefined>>();

  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Undefined where there is nothing for the host. Throws CONFIG_INVALID for what cannot be used. */
  of(host: string): Promise<HostCertificates | undefined> {
    let known = this.#read.get(host);
    if (known === undefined) {
      known = this.#find(host);
      this.#read.set(host, known);
      // What is mended is found.
      known.catch(() => this.#read.delete(host));
    }
    return known;
  }

  async #find(host: string): Promise<HostCertificates | undefined> {
    if (host.startsWith('.')) return undefined;
    for (const parent of this.#directories) {
      const directory = join(parent, host);
      const names = await namesIn(directory);
      if (names !== undefined) return certificatesIn(directory, names);
    }
    return undefined;
  }
}

async function certificatesIn(directory: string, names: readonly string[]): Promise<HostCertificates> {
  const of = (suffix: string): readonly string[] => names.filter((name) => name.endsWith(suffix)).toSorted();
  const keys = of('.cert').map((name) => name.replace(/\.cert$/, '.key'));
  const missing = keys.find((name) => !names.includes(name)) ?? of('.key').find((name) => !keys.includes(name));
  if (missing !== undefined)
    throw new ShiplogError(
      'CONFIG_INVALID',
      `${directory} has a certificate or a key alone: NAME.cert and NAME.key belong together, ${missing} does not`,
      {
        directory,
      },
    );
  const read = (files: readonly string[]): Promise<string[]> => Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  const [own, cert, key] = await Promise.all([read(of('.crt')), read(of('.cert')), read(keys)]);
  return { ca: [...getCACertificates('default'), ...own], cert, key };
}

async function namesIn(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
