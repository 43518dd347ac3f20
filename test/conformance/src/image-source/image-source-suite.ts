import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, type ImageSource, type OperationContext, type Progress, ShiplogError } from '@shiplog/contracts';
import { checkAnswer } from '@shiplog/contracts/check';
import { inLab, type TestFunction } from '../in-lab.ts';

/** An image that the source has. */
export interface KnownImage {
  /** With nothing left out: `docker.io/library/busybox:latest`. */
  readonly reference: string;
  readonly digest: string;
}

/** A source under test. */
export interface ImageSourceFixture {
  readonly driver: ImageSource;
  /** One that is there, of at least a config and a layer. */
  readonly image: KnownImage;
  /** An empty directory to fetch into. */
  readonly directory: string;
  cleanup(): Promise<void>;
}

export interface ImageSourceSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: () => Promise<ImageSourceFixture>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Proves that an image source keeps the contract in `IMAGE_SOURCE_VERBS`. Needs no root. */
export function imageSourceSuite({ test, factory }: ImageSourceSuite): void {
  const check = inLab(test, async () => new Lab(await factory()));

  check('given an image that is there, when it is resolved, then it is what it is, however often it is asked', async (lab) => {
    const found = await Promise.all(Array.from({ length: 4 }, () => lab.resolve(lab.image.reference)));
    for (const descriptor of found) assert.equal(descriptor?.digest, lab.image.digest);
    assert.deepEqual(found[1], found[0]);
  });

  check('given an image that is there, when it is resolved by its digest, then it is that', async (lab) => {
    assert.equal((await lab.resolve(lab.byDigest(lab.image.digest)))?.digest, lab.image.digest);
  });

  check('given a tag, a name and a digest that are not there, when they are resolved, then there is none, and no failure', async (lab) => {
    const name = lab.image.reference.replace(/:[^:/]+$/, '');
    for (const reference of [`${name}:no-such-tag`, `${name}-other:latest`, lab.byDigest(`sha256:${'1'.repeat(64)}`)])
      assert.equal(await lab.resolve(reference), undefined, reference);
  });

  check(
    'given an image, when all its blobs are fetched side by side, then each has the digest and the size that was announced',
    async (lab) => {
      const blobs = await lab.blobs();
      assert.ok(blobs.length >= 2, 'the fixture has an image with a config and a layer');
      await Promise.all(blobs.map((blob) => lab.fetch(blob)));
      for (const blob of blobs) await lab.assertWhole(blob);
    },
  );

  check('given a blob that was fetched, when it is fetched again, also over something else, then the file is the blob', async (lab) => {
    const [blob] = await lab.blobs();
    assert.ok(blob);
    await lab.fetch(blob);
    await lab.fetch(blob);
    await lab.assertWhole(blob);
    await writeFile(lab.path(blob), Buffer.alloc(blob.size + 100, 1));
    await lab.fetch(blob);
    await lab.assertWhole(blob);
  });

  check('given a link where a blob is to go, when it is fetched, then what the link leads to is left alone', async (lab) => {
    const [blob] = await lab.blobs();
    assert.ok(blob);
    const other = join(lab.directory, 'other');
    await writeFile(other, 'mine');
    await rm(lab.path(blob));
    await symlink(other, lab.path(blob));
    await lab.fetch(blob);
    assert.equal(await readFile(other, 'utf8'), 'mine');
    await lab.assertWhole(blob);
  });

  check('given a blob that is not there, when it is fetched, then that fails BLOB_NOT_FOUND', async (lab) => {
    const blob = { mediaType: 'application/octet-stream', digest: `sha256:${'2'.repeat(64)}`, size: 10 };
    await assert.rejects(lab.fetch(blob), (error: unknown) => error instanceof ShiplogError && error.code === 'BLOB_NOT_FOUND');
  });

  check('given a call that is canceled, when it is made again, then it succeeds', async (lab) => {
    const [blob] = await lab.blobs();
    assert.ok(blob);
    await assert.rejects(lab.fetch(blob, AbortSignal.abort()), 'a canceled fetch does not succeed');
    await lab.fetch(blob);
    await lab.assertWhole(blob);
  });

  check('given a fetch, when it is done, then its progress adds up to the size', async (lab) => {
    const blobs = await lab.blobs();
    const layer = blobs.at(-1);
    assert.ok(layer);
    const told: Progress[] = [];
    await lab.fetch(layer, undefined, (progress) => told.push(progress));
    assert.equal(told.at(-1)?.current, layer.size);
    assert.equal(told.at(-1)?.total, layer.size);
  });

  check('given an image, when it is resolved and fetched, then nothing else is left', async (lab) => {
    const blobs = await lab.blobs();
    for (const blob of blobs) await lab.fetch(blob);
    assert.deepEqual((await readdir(lab.into)).toSorted(), [...new Set(blobs.map(({ digest }) => digest.slice(7)))].toSorted());
    assert.deepEqual(await lab.fixture.driver.observe(), []);
  });
}

class Lab {
  readonly fixture: ImageSourceFixture;
  readonly into: string;

  constructor(fixture: ImageSourceFixture) {
    this.fixture = fixture;
    this.into = join(fixture.directory, 'blobs');
  }

  async begin(): Promise<void> {
    await mkdir(this.into);
  }

  end(): Promise<void> {
    return this.fixture.cleanup();
  }

  get image(): KnownImage {
    return this.fixture.image;
  }

  get directory(): string {
    return this.fixture.directory;
  }

  byDigest(digest: string): string {
    return `${this.image.reference.replace(/:[^:/]+$/, '')}@${digest}`;
  }

  path({ digest }: Descriptor): string {
    return join(this.into, digest.slice('sha256:'.length));
  }

  async resolve(reference: string): Promise<Descriptor | undefined> {
    const answer = await this.fixture.driver.resolve({ reference }, this.#context());
    checkAnswer('image-source', 'under test', 'resolve', answer);
    return answer.descriptor;
  }

  async fetch(blob: Descriptor, signal?: AbortSignal, progress?: (progress: Progress) => void): Promise<void> {
    const { reference } = this.image;
    const { mediaType, digest, size } = blob;
    const args = { reference, mediaType, digest, size, path: this.path(blob) };
    checkAnswer('image-source', 'under test', 'fetch', await this.fixture.driver.fetch(args, this.#context(signal, progress)));
  }

  /** The manifest, and what it names: config and layers. */
  async blobs(): Promise<readonly Descriptor[]> {
    const manifest = await this.resolve(this.image.reference);
    assert.ok(manifest, 'the image is there');
    await this.fetch(manifest);
    const { config, layers } = JSON.parse(await readFile(this.path(manifest), 'utf8')) as {
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
    };
    return [manifest, config, ...layers];
  }

  async assertWhole(blob: Descriptor): Promise<void> {
    const content = await readFile(this.path(blob));
    assert.equal(content.length, blob.size);
    assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, blob.digest);
  }

  #context(signal = AbortSignal.timeout(60_000), progress?: (progress: Progress) => void): OperationContext {
    return createContext({ op: 'kit', signal, ...(progress === undefined ? {} : { progress }) });
  }
}
