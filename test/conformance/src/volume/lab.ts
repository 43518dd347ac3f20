import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, type ErrorCode, type OperationContext, ShiplogError, type VolumeDriver } from '@shiplog/contracts';

/** A driver under test. */
export interface VolumeFixture {
  readonly driver: VolumeDriver;
  /** The driver's name as users give it. */
  readonly name: string;
  /** An empty directory: where the engine would have volumes, and where the kit makes images. */
  readonly directory: string;
  /** Options to make a volume with. */
  readonly options?: { readonly [option: string]: string };
  /** Options that must be refused SPEC_INVALID, if there are any. */
  readonly refused?: { readonly [option: string]: string };
  /** Whether content stays when nobody consumes the volume; not so for one in memory. */
  readonly lasting: boolean;
  /** Ends the driver as a crash would, and answers another over the same directories. */
  restart(): Promise<VolumeDriver>;
  /** Called at the end, failed or not. */
  cleanup(): Promise<void>;
}

export type VolumeFactory = () => Promise<VolumeFixture>;

export type AddCheck = (name: string, body: (lab: Lab) => Promise<void>) => void;

const PATIENCE_MS = 20_000;

export interface TestVolume {
  readonly name: string;
  readonly driver: string;
  readonly path: string;
  readonly options: { readonly [option: string]: string };
}

/** What a check works with. */
export class Lab {
  driver: VolumeDriver;
  readonly #volumes: TestVolume[] = [];
  readonly #published: { readonly volume: TestVolume; readonly consumer: string }[] = [];

  constructor(readonly fixture: VolumeFixture) {
    this.driver = fixture.driver;
  }

  ctx(): OperationContext {
    return createContext({ op: randomBytes(8).toString('hex'), signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  /** An id such as containers have. */
  consumer(): string {
    return randomBytes(32).toString('hex');
  }

  volume(name = `kit-${randomBytes(6).toString('hex')}`, options = this.fixture.options ?? {}): TestVolume {
    const volume = {
      name,
      driver: this.fixture.name,
      path: join(this.fixture.directory, 'volumes', name, '_data'),
      options: { ...options },
    };
    this.#volumes.push(volume);
    return volume;
  }

  async create(volume: TestVolume): Promise<void> {
    await this.driver.create({ ...volume, options: { ...volume.options } }, this.ctx());
  }

  async publish(volume: TestVolume, consumer: string, seed?: { readonly root: string; readonly path: string }): Promise<string> {
    this.#published.push({ volume, consumer });
    const args = { ...volume, options: { ...volume.options }, consumer, ...(seed === undefined ? {} : { seed: { ...seed } }) };
    const { path } = await this.driver.publish(args, this.ctx());
    return path;
  }

  async unpublish(volume: TestVolume, consumer: string): Promise<void> {
    await this.driver.unpublish({ ...volume, options: { ...volume.options }, consumer }, this.ctx());
  }

  async remove(volume: TestVolume): Promise<void> {
    await this.driver.remove({ ...volume, options: { ...volume.options } }, this.ctx());
  }

  /** Consumers of a volume, as observed. */
  async consumers(volume: TestVolume): Promise<string[]> {
    const found = await this.driver.observe();
    return found.filter(({ resource, of }) => resource === 'publication' && of === volume.name).map(({ id }) => id);
  }

  /** A file system such as images have: `/data` with files of another owner, a symlink, a directory; `/out` leads out of it. */
  async image(): Promise<string> {
    const root = join(this.fixture.directory, `image-${randomBytes(4).toString('hex')}`);
    await mkdir(join(root, 'data', 'sub'), { recursive: true });
    await writeFile(join(root, 'data', 'file'), 'from the image', { mode: 0o640 });
    await writeFile(join(root, 'data', 'sub', 'deep'), 'deep');
    await chown(join(root, 'data'), 1234, 4321);
    await chown(join(root, 'data', 'file'), 1234, 4321);
    await symlink('/etc/shadow', join(root, 'data', 'link'));
    await symlink('../../../../../../../../../../etc', join(root, 'out'));
    return root;
  }

  async restart(): Promise<void> {
    this.driver = await this.fixture.restart();
  }

  async end(): Promise<void> {
    for (const { volume, consumer } of this.#published) await this.unpublish(volume, consumer).catch(() => undefined);
    for (const volume of this.#volumes) await this.remove(volume).catch(() => undefined);
    await this.fixture.cleanup();
  }

  /** Resolves if `work` fails with this code. */
  async refuses(work: Promise<unknown>, code: ErrorCode): Promise<void> {
    await work.then(
      () => assert.fail(`it should have failed ${code}`),
      (error: unknown) => {
        assert.ok(error instanceof ShiplogError, `a ShiplogError, not ${String(error)}`);
        assert.equal(error.code, code);
      },
    );
  }
}
