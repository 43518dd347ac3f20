import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type SecretRef, ShiplogError, type Vault } from '@shiplog/contracts';
import { type DriverHome, errnoOf, HOME, inject, injectable, namesIn, syncDirectory } from '@shiplog/driver-kit';

const KEY_BYTES = 32;
const ID = /^[a-zA-Z0-9][a-zA-Z0-9_:-]{0,200}$/;
const TEMPORARY = '.new-';

/**
 * Keeps each secret in a file of its own, `<stateDir>/secrets/<id>` (0600, directory 0700), and the key of the hashes in
 * `<stateDir>/key`. Secrets are not encrypted: they are as safe as root's files on this host.
 *
 * A write is whole or not there, also after power loss. Throws REQUEST_INVALID for an id that is no safe file name.
 */
@injectable()
export class FileVault implements Vault {
  readonly #stateDir: string;
  readonly #directory: string;
  #key: Promise<Uint8Array> | undefined;

  constructor(@inject(HOME) home: DriverHome) {
    this.#stateDir = home.stateDir;
    this.#directory = join(home.stateDir, 'secrets');
  }

  async put(id: string, value: string): Promise<SecretRef> {
    const file = this.#file(id);
    return hostErrors(async () => {
      const hmac = await this.mac(value);
      await writeNew(this.#directory, value, (temporary) => rename(temporary, file));
      return { id, hmac };
    });
  }

  async mac(value: string): Promise<string> {
    const key = await hostErrors(() => this.#readyKey());
    return createHmac('sha256', key).update(value).digest('hex');
  }

  /** Also SECRET_NOT_FOUND when the value there is not the one that `ref` was given for. */
  async get(ref: Pick<SecretRef, 'id'> & Partial<SecretRef>): Promise<string> {
    const file = this.#file(ref.id);
    return hostErrors(async () => {
      const bytes = await readIfThere(file);
      if (bytes === undefined) throw new ShiplogError('SECRET_NOT_FOUND', `the secret ${ref.id} is not here any more`, { id: ref.id });
      const value = bytes.toString('utf8');
      if (ref.hmac === undefined) return value;
      if ((await this.mac(value)) !== ref.hmac)
        throw new ShiplogError('SECRET_NOT_FOUND', `the secret ${ref.id} is another one than was meant`, { id: ref.id });
      return value;
    });
  }

  async remove(id: string): Promise<void> {
    const file = this.#file(id);
    await hostErrors(async () => {
      if ((await namesIn(this.#directory)).length === 0) return;
      await rm(file, { force: true });
      await syncDirectory(this.#directory);
    });
  }

  async observe(): Promise<readonly string[]> {
    return hostErrors(async () => (await namesIn(this.#directory)).filter((name) => ID.test(name)));
  }

  #file(id: string): string {
    if (!ID.test(id)) throw new ShiplogError('REQUEST_INVALID', `a secret cannot have the id ${JSON.stringify(id)}`, { id });
    return join(this.#directory, id);
  }

  async #makeDirectory(): Promise<void> {
    const made = await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDirectory(this.#stateDir);
  }

  /** The key, made at the first use. A failure is not kept, so that a later call can succeed. */
  #readyKey(): Promise<Uint8Array> {
    this.#key ??= this.#openKey().catch((error: unknown) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }

  async #openKey(): Promise<Uint8Array> {
    await this.#makeDirectory();
    await this.#sweep();
    const path = join(this.#stateDir, 'key');
    const found = await readIfThere(path);
    if (found !== undefined) return checkedKey(found, path);
    // link(2) fails where rename(2) would replace: two makers get one key.
    await writeNew(this.#stateDir, randomBytes(KEY_BYTES), async (temporary) => {
      try {
        await link(temporary, path);
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
      } finally {
        await rm(temporary, { force: true });
      }
    });
    return checkedKey(await readFile(path), path);
  }

  /** Deletes what a write left that power loss cut short. */
  async #sweep(): Promise<void> {
    for (const directory of [this.#stateDir, this.#directory]) {
      const left = (await namesIn(directory)).filter((name) => name.startsWith(TEMPORARY));
      await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
    }
  }
}

/** Writes a temporary file durably, lets `place` give it its name, and makes the name durable. */
async function writeNew(directory: string, content: string | Uint8Array, place: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(directory, `${TEMPORARY}${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function checkedKey(key: Uint8Array, path: string): Uint8Array {
  if (key.byteLength === KEY_BYTES) return key;
  throw new ShiplogError('DRIVER_FAILED', `the key file is damaged: ${path} has ${key.byteLength} bytes, not ${KEY_BYTES}; restore it`, {
    path,
  });
}

async function hostErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: 'file' });
  }
}
