import {
  type BuildContainer,
  type BuildContainers,
  type BuildFiles,
  type BuildHost,
  type BuildStep,
  type ContainerSpec,
  type Digest,
  type Extracted,
  type ImageRecord,
  PLAIN_SPEC,
  ShiplogError,
} from '@shiplog/contracts';
import { childrenOf } from '@shiplog/model';
import { authFor } from './auth-for.ts';
import { scratchArchive, scratchId } from './scratch.ts';
import { interruptible } from '../commands/interruptible.ts';
import type { Operation } from '../commands/operation.ts';
import { waitFor } from '../containers/wait.ts';

/** What runs where nothing is to run. */
const NOTHING = ['/bin/true'];

/** The engine, as a build sees it: commands that the build causes, and reads of the state. */
export class EngineBuildHost implements BuildHost {
  readonly #op: Operation<'image.build'>;
  readonly #containers: BuildContainers;
  readonly context: BuildFiles;

  constructor(op: Operation<'image.build'>, context: BuildFiles, containers: BuildContainers) {
    this.#op = op;
    this.#containers = containers;
    this.context = context;
  }

  async image(reference: string): Promise<ImageRecord | undefined> {
    const { images, ledger } = this.#op.engine;
    try {
      return await images.whole(ledger.head.image(reference));
    } catch (error) {
      if (error instanceof ShiplogError && error.code === 'IMAGE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async pull(reference: string, platform?: string): Promise<ImageRecord> {
    const { registries = {}, progress } = this.#op.streams;
    const auth = authFor(registries, reference);
    const asked = { reference, ...(platform === undefined ? {} : { platform }) };
    const { id } = await this.#op.execute('image.pull', asked, {
      ...this.#streams(),
      ...(auth === undefined ? {} : { auth }),
      ...(progress === undefined ? {} : { progress }),
    });
    return this.#known(id);
  }

  async scratch(): Promise<ImageRecord> {
    const { ledger } = this.#op.engine;
    const { architecture } = this.#op.engine.parts.host;
    const id = scratchId(architecture);
    if (!ledger.head.images.has(id)) await this.#op.execute('image.load', { quiet: true }, { body: scratchArchive(architecture) });
    return this.#known(id);
  }

  async children(image: Digest): Promise<readonly ImageRecord[]> {
    const { images, ledger } = this.#op.engine;
    const children = await Promise.all(childrenOf(ledger.head, image).map((child) => images.whole(child)));
    return children.toReversed();
  }

  async create({ image, command, env = [] }: BuildContainer): Promise<string> {
    const { engine } = this.#op;
    const sealed = await engine.environment.seal(env);
    const spec: ContainerSpec = {
      ...PLAIN_SPEC,
      ...this.#containers,
      image,
      env: sealed,
      entrypoint: command ?? NOTHING,
      cmd: [],
      healthcheck: { test: ['NONE'] },
      // What is printed goes to the client, and to nobody else.
      logDriver: 'none',
    };
    return (await this.#op.execute('container.create', { spec }, this.#streams())).id;
  }

  async run(container: string): Promise<number> {
    const { io, ledger } = this.#op.engine;
    const { signal } = this.#op.streams;
    const channel = io.await(container);
    const written = this.#tell(channel.output);
    const ended = waitFor(ledger, container, 'next-exit', signal);
    try {
      await Promise.all([this.#op.execute('container.start', { container }, this.#streams()), ended.catch(() => undefined)]);
      const { exitCode } = await ended;
      await written;
      return exitCode;
    } finally {
      // Who waits for the end of what never began is let go.
      channel.close();
      ended.catch(() => undefined);
    }
  }

  async extract(container: string, path: string, tar: AsyncIterable<Uint8Array>): Promise<Extracted> {
    const { files, signal, close } = await this.#open(container, true);
    try {
      return await this.#op.act(
        'container-files.extract',
        () => files.extract(path, interruptible(tar, signal), { keepKinds: false, signal }),
        undefined,
        ({ entries, bytes }) => ({ entries, bytes }),
      );
    } finally {
      await close();
    }
  }

  async files(container: string): Promise<BuildFiles> {
    const { files, close } = await this.#open(container, false);
    return { stat: (path) => files.stat(path), archive: (path) => files.archive(path), close };
  }

  /** Root file system of a container alone: what is copied where its image has a volume is to be in the image. Nobody starts or removes it meanwhile. */
  async #open(id: string, writes: boolean) {
    const { filesOfContainers, ledger, parts } = this.#op.engine;
    const { signal: gone = new AbortController().signal } = this.#op.streams;
    const left = new AbortController();
    const signal = AbortSignal.any([gone, left.signal]);
    const { storageDriver } = ledger.head.container(id);
    const root = parts.paths.rootfs(id);
    const end = filesOfContainers.begin(id, writes, () => left.abort());
    const hide = async (): Promise<void> => {
      const ctx = { op: this.#op.intent.op, signal: new AbortController().signal };
      await this.#op.engine.call('storage', storageDriver, 'unmount', { key: id, target: root }, ctx).finally(end);
    };
    try {
      await this.#op.step('storage', storageDriver, 'mount', { key: id, target: root }, { lasting: true });
      const files = await filesOfContainers.open({ root, readonly: !writes, mounts: [] }, { op: this.#op.intent.op, signal });
      const close = () => files.close().finally(hide);
      return { files, signal, close };
    } catch (error) {
      await hide();
      throw error;
    }
  }

  async commit(container: string, step: BuildStep, author: string): Promise<ImageRecord> {
    const args = { container, message: '', author, pause: false, changes: [], step };
    const { id } = await this.#op.execute('image.commit', args, this.#streams());
    return this.#known(id);
  }

  async tag(image: Digest, reference: string): Promise<void> {
    await this.#op.execute('image.tag', { image, reference });
  }

  async remove(container: string): Promise<void> {
    if (this.#op.engine.ledger.head.containers.has(container))
      await this.#op.execute('container.remove', { container, force: true, volumes: true });
  }

  print(text: string): void {
    this.#op.streams.output?.(text);
  }

  async #tell(output: AsyncIterable<{ readonly data: Uint8Array }>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const { data } of output) this.print(decoder.decode(data, { stream: true }));
    this.print(decoder.decode());
  }

  #known(id: Digest): Promise<ImageRecord> {
    const { images, ledger } = this.#op.engine;
    return images.whole(ledger.head.image(id));
  }

  #streams() {
    const { signal } = this.#op.streams;
    return signal === undefined ? {} : { signal };
  }
}
