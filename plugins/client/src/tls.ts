import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a client shows an engine that asks for certificates, and the authority it trusts: PEM. */
export interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * TLS as the docker command takes it from the environment: on if DOCKER_TLS_VERIFY says anything, with `ca.pem`, `cert.pem` and
 * `key.pem` in DOCKER_CERT_PATH or `~/.docker`. Undefined when off. Throws TypeError, naming the file that cannot be read.
 */
export function tlsFrom(env: { readonly [name: string]: string | undefined }): TlsMaterial | undefined {
  if (!env['DOCKER_TLS_VERIFY']) return undefined;
  const directory = env['DOCKER_CERT_PATH'] || join(homedir(), '.docker');
  const read = (name: string): Buffer => {
    const path = join(directory, name);
    try {
      return readFileSync(path);
    } catch (error) {
      throw new TypeError(`cannot read ${path}, which DOCKER_TLS_VERIFY asks for: ${error instanceof Error ? error.message : String(error)}`, { cause: error }); // prettier-ignore
    }
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
