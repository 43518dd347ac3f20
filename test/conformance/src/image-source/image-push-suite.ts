import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createContext, type ImageSource, type OperationContext, type Progress, ShiplogError } from '@shiplog/contracts';
import { checkAnswer } from '@shiplog/contracts/check';
import { inLab, type TestFunction } from '../in-lab.ts';

/** A source that pushes, under test. */
export interface ImagePushFixture {
  readonly driver: ImageSource;
  /** A name that may be pushed to, with nothing left out and without a tag: `127.0.0.1:5000/kit`. Names that begin so are made up. */
  readonly name: string;
  /** An empty directory. */
  readonly directory: string;
  cleanup(): Promise<void>;
}

export interface ImagePushSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: () => Promise<ImagePushFixture>;
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly path: string;
}

const OCI = 'application/vnd.oci.image';

/** Proves that an image source with the capability `push` keeps its part of `IMAGE_SOURCE_VERBS`. Needs no root. */
export function imagePushSuite({ test, factory }: ImagePushSuite): void {
  const check = inLab(test, async () => new Lab(await factory()));

  check('given an image, when it is uploaded and published, then it is resolved by its tag, and each blob is what it was', async (lab) => {
    const image = await lab.image();
    const reference = `${lab.name()}:1`;
    assert.deepEqual(await lab.push(reference, image), ['pushed', 'pushed']);
    const { descriptor } = await lab.driver.resolve({ reference }, lab.context());
    assert.deepEqual(
      [descriptor?.digest, descriptor?.size, descriptor?.mediaType],
      [image.manifest.digest, image.manifest.size, image.manifest.mediaType],
    );
    for (const { mediaType, digest, size, path } of [image.manifest, ...image.blobs]) {
      const into = join(lab.directory, 'fetched');
      await lab.driver.fetch({ reference, mediaType, digest, size, path: into }, lab.context());
      assert.ok((await readFile(into)).equals(await readFile(path)));
    }
  });

  check('given an image that is there, when it is pushed again, then that succeeds, and no blob travels', async (lab) => {
    const image = await lab.image();
    const reference = `${lab.name()}:1`;
    await lab.push(reference, image);
    const told: Progress[] = [];
    assert.deepEqual(await lab.push(reference, image, (progress) => told.push(progress)), ['there', 'there']);
  });

  check(
    'given a blob that is there, and one that is not, when it is asked for, then that is told, nothing is sent, and it can be uploaded',
    async (lab) => {
      const { blobs } = await lab.image();
      const [blob] = blobs;
      assert.ok(blob);
      const reference = `${lab.name()}:1`;
      const elsewhere = [`${lab.name()}:1`];
      for (const more of [{}, { elsewhere }]) assert.equal(await lab.mount(reference, blob, more), 'absent');
      assert.equal(await lab.upload(reference, blob), 'pushed');
      for (const more of [{}, { elsewhere }]) assert.equal(await lab.mount(reference, blob, more), 'there');
    },
  );

  check('given a tag, when another image is published under it, then it stands for that one', async (lab) => {
    const reference = `${lab.name()}:1`;
    const [one, other] = [await lab.image(), await lab.image()];
    await lab.push(reference, one);
    await lab.push(reference, other);
    assert.equal((await lab.driver.resolve({ reference }, lab.context())).descriptor?.digest, other.manifest.digest);
  });

  check('given an upload, when it is done, then its progress adds up to the size', async (lab) => {
    const told: Progress[] = [];
    const image = await lab.image();
    await lab.push(`${lab.name()}:1`, image, (progress) => told.push(progress));
    const layer = image.blobs.at(-1);
    assert.deepEqual([told.at(-1)?.current, told.at(-1)?.total], [layer?.size, layer?.size]);
  });

  check('given a blob that is not what it is announced as, when it is uploaded, then that fails, and it is not there', async (lab) => {
    const { blobs, manifest } = await lab.image();
    const [blob] = blobs;
    assert.ok(blob);
    const reference = `${lab.name()}:1`;
    await writeFile(blob.path, Buffer.alloc(blob.size, 7));
    await assert.rejects(lab.upload(reference, blob), (error: unknown) => error instanceof ShiplogError);
    await assert.rejects(
      lab.driver.fetch(
        { reference, ...manifest, digest: blob.digest, mediaType: blob.mediaType, path: join(lab.directory, 'x') },
        lab.context(),
      ),
    );
  });

  check('given an upload that is canceled, when it is made again, then it succeeds', async (lab) => {
    const { blobs } = await lab.image();
    const [blob] = blobs;
    assert.ok(blob);
    const reference = `${lab.name()}:1`;
    await assert.rejects(lab.upload(reference, blob, undefined, AbortSignal.abort()), 'a canceled upload does not succeed');
    assert.equal(await lab.upload(reference, blob), 'pushed');
  });
}

class Lab {
  readonly #fixture: ImagePushFixture;
  #images = 0;

  constructor(fixture: ImagePushFixture) {
    this.#fixture = fixture;
  }

  async begin(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  end(): Promise<void> {
    return this.#fixture.cleanup();
  }

  get driver(): ImageSource {
    return this.#fixture.driver;
  }

  get directory(): string {
    return join(this.#fixture.directory, 'blobs');
  }

  /** That nobody has pushed to. */
  name(): string {
    return `${this.#fixture.name}-${randomUUID()}`;
  }

  /** One that is nowhere yet: a config and a layer. */
  async image(): Promise<{ readonly manifest: Blob; readonly blobs: readonly Blob[] }> {
    const own = (this.#images += 1);
    const blob = async (name: string, mediaType: string, content: Uint8Array): Promise<Blob> => {
      const path = join(this.directory, `${name}-${own}`);
      await writeFile(path, content);
      return { mediaType, digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: content.length, path };
    };
    const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
    const layer = await blob('layer', `${OCI}.layer.v1.tar+gzip`, gzipSync(randomUUID().padEnd(100_000)));
    const config = await blob(
      'config',
      `${OCI}.config.v1+json`,
      json({ os: 'linux', architecture: 'amd64', comment: randomUUID(), rootfs: { type: 'layers', diff_ids: [] } }),
    );
    const descriptor = ({ mediaType, digest, size }: Blob): object => ({ mediaType, digest, size });
    const mediaType = `${OCI}.manifest.v1+json`;
    const manifest = await blob(
      'manifest',
      mediaType,
      json({ schemaVersion: 2, mediaType, config: descriptor(config), layers: [descriptor(layer)] }),
    );
    return { manifest, blobs: [config, layer] };
  }

  /** Says what came of each blob. */
  async push(
    reference: string,
    image: Awaited<ReturnType<Lab['image']>>,
    progress?: (progress: Progress) => void,
  ): Promise<readonly string[]> {
    const states: string[] = [];
    for (const blob of image.blobs) states.push(await this.upload(reference, blob, progress));
    const { publish } = this.driver;
    assert.ok(publish, 'a driver that pushes has `publish`');
    checkAnswer('image-source', 'under test', 'publish', await publish.call(this.driver, { reference, ...image.manifest }, this.context()));
    return states;
  }

  async mount(reference: string, { mediaType, digest, size }: Blob, more: { readonly elsewhere?: string[] }): Promise<string> {
    const { mount } = this.driver;
    assert.ok(mount, 'a driver that pushes has `mount`');
    const answer = await mount.call(this.driver, { reference, mediaType, digest, size, ...more }, this.context());
    checkAnswer('image-source', 'under test', 'mount', answer);
    return answer.state;
  }

  async upload(reference: string, blob: Blob, progress?: (progress: Progress) => void, signal?: AbortSignal): Promise<string> {
    const { upload } = this.driver;
    assert.ok(upload, 'a driver that pushes has `upload`');
    const answer = await upload.call(this.driver, { reference, ...blob }, this.context(progress, signal));
    checkAnswer('image-source', 'under test', 'upload', answer);
    return answer.state;
  }

  context(progress?: (progress: Progress) => void, signal = AbortSignal.timeout(60_000)): OperationContext {
    return createContext({ op: 'kit', signal, ...(progress === undefined ? {} : { progress }) });
  }
}
