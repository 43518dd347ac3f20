import {
  type Caller,
  type CommandArgs,
  type ContainerRecord,
  type ContentRead,
  type FileTree,
  type OpenFiles,
  type PathStat,
  ShiplogError,
} from '@shiplog/contracts';
import { authorizersFor } from '../commands/authorize.ts';
import type { EngineCore } from '../core.ts';
import type { Executor } from '../commands/executor.ts';
import type { Reads } from '../reads/reads.ts';
import { redact } from '../secrets/redact.ts';
import { scrubbed } from '../secrets/scrub.ts';
import { TakenStream } from './taken-stream.ts';

/** How often, and after how many milliseconds, a container is looked at again that ended a moment ago and whose end is not known yet. */
const AGAIN = { times: 50, ms: 100 } as const;

/** Verbs that take a container's mounts away from under a reader, or make others. */
const MOUNTING: ReadonlySet<string> = new Set([
  'container.create',
  'container.start',
  'container.restart',
  'container.remove',
  'container.prune',
  'container.release',
  'container.migrate',
]);

type FileReadVerb = 'container.stat' | 'container.archive' | 'container.export';

/** What a read found, with the tar that follows if there is one. */
interface Found<A> {
  readonly answer: A;
  readonly tar?: AsyncIterable<Uint8Array>;
}

/** One read. `begin` finds what is asked for; the files are open until its tar has ended. */
interface Read<A> {
  readonly verb: FileReadVerb;
  readonly args: CommandArgs[FileReadVerb];
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly begin: (files: OpenFiles) => Promise<Found<A>>;
}

/**
 * Reads of containers' files: what `docker cp` and `docker export` take out. For one that runs nothing is mounted, and a read is one record. For another, and where
 * authorizers judge what is asked, it is a command.
 */
export class FileReads {
  constructor(
    private readonly core: EngineCore,
    private readonly executor: Executor,
    private readonly reads: Reads,
  ) {}

  /** See Engine.stat. */
  async stat(container: string, path: string, caller: Caller, signal: AbortSignal): Promise<PathStat> {
    const begin = async (files: OpenFiles) => ({ answer: await files.stat(path) });
    return (await this.#read({ verb: 'container.stat', args: { container, path }, caller, signal, begin })).answer;
  }

  /** See Engine.archive. */
  async archive(
    container: string,
    path: string,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }> {
    const begin = async (files: OpenFiles) => {
      const { stat, tar } = await files.archive(path);
      return { answer: stat, tar };
    };
    const { answer: stat, tar } = await this.#read({ verb: 'container.archive', args: { container, path }, caller, signal, begin });
    return { stat, tar };
  }

  /** See Engine.export. */
  async export(container: string, caller: Caller, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const begin = async (files: OpenFiles) => ({ answer: undefined, tar: files.export() });
    return (await this.#read({ verb: 'container.export', args: { container }, caller, signal, begin })).tar;
  }

  async #read<A, F extends Found<A>>(read: Read<A> & { readonly begin: (files: OpenFiles) => Promise<F> }): Promise<F> {
    const { parts } = this.core;
    for (let tries = 0; ; tries += 1) {
      const container = await this.#undisturbed(read.args.container);
      if (container?.process === undefined || authorizersFor(this.core, read.caller).length > 0) return (await this.#command(read)) as F;
      try {
        return (await this.#look(read, container)) as F;
      } catch (error) {
        if (ShiplogError.wrap(error).facts['errno'] !== 'ESRCH' || tries >= AGAIN.times) {
          await this.#record(read, container, error);
          throw error;
        }
        await new Promise<void>((resolve) => parts.clock.after(AGAIN.ms, resolve));
      }
    }
  }

  /** Of a container that runs: recorded when it is known what comes of it, before a byte of it is answered. */
  async #look<A>({ begin, ...read }: Read<A>, container: ContainerRecord): Promise<Found<A>> {
    const { filesOfContainers, parts } = this.core;
    const canceled = new AbortController();
    const end = filesOfContainers.begin(container.id, false, () => canceled.abort());
    const both = AbortSignal.any([read.signal, canceled.signal]);
    const bare: FileTree = { root: parts.paths.rootfs(container.id), readonly: true, mounts: [] };
    const tree = read.verb === 'container.export' || container.process === undefined ? bare : { process: container.process };
    let files: OpenFiles | undefined;
    const close = async (): Promise<void> => {
      try {
        await files?.close();
      } catch (error) {
        parts.logger.error('files of a container were not given back', { container: container.id, error: String(error) });
      } finally {
        end();
      }
    };
    try {
      files = await filesOfContainers.open(tree, { op: parts.identities.op(), signal: both });
      const found = await begin(files);
      if (both.aborted) throw leftOff({ container: container.id });
      await this.#record(read, container);
      if (found.tar !== undefined) return { ...found, tar: new TakenStream(found.tar, both, close) };
      await close();
      return found;
    } catch (error) {
      await close();
      throw error;
    }
  }

  async #record({ verb, args, caller }: Omit<Read<unknown>, 'begin'>, { id }: ContainerRecord, failure?: unknown): Promise<void> {
    const error = failure === undefined ? undefined : scrubbed(ShiplogError.wrap(failure), [], this.core.secrets.rules);
    // Nothing can be recorded any more.
    if (error?.code === 'LOG_CLOSED') return;
    const read: ContentRead = {
      verb,
      stream: `container/${id}`,
      ref: args.container,
      ...('path' in args ? { path: args.path } : {}),
      ...(error === undefined ? {} : { error: error.toRecord() }),
    };
    await this.reads.recordContent([read], caller);
  }

  /** As a command: its outcome is durable before the tar ends, or before a read without one is answered. */
  async #command<A>({ verb, args, caller, signal, begin }: Read<A>): Promise<Found<A>> {
    const handed = Promise.withResolvers<Found<A>>();
    let found: Found<A> | undefined;
    const take = async (files: OpenFiles, canceled: AbortSignal): Promise<number> => {
      found = await begin(files);
      const { answer, tar } = found;
      if (tar === undefined) return 0;
      const { promise: taken, resolve, reject } = Promise.withResolvers<number>();
      const end = async (bytes: number, error?: unknown): Promise<void> => {
        if (error === undefined) resolve(bytes);
        else reject(error);
        // What went wrong before is told by the stream.
        await (error === undefined ? done : done.catch(() => undefined));
      };
      handed.resolve({ answer, tar: new TakenStream(tar, canceled, end) });
      return taken;
    };
    // A key would have the answer of the first such request, which is gone.
    const { idem: _, ...asking } = caller;
    // The log need not have what was asked for: `take` does.
    const logged = 'path' in args ? { ...args, path: redact(args.path, this.core.secrets.rules) } : args;
    const done = this.executor.execute(verb, logged as never, asking, { signal, take });
    done.then(() => handed.resolve(found as Found<A>), handed.reject);
    return handed.promise;
  }

  /** The container, when nobody mounts or unmounts anything of it. What follows at once comes before others. Undefined where the reference leads nowhere. */
  async #undisturbed(ref: string): Promise<ContainerRecord | undefined> {
    for (;;) {
      const container = this.#find(ref);
      if (container?.busy === undefined || !this.executor.isBusy(container) || !MOUNTING.has(container.busy.verb)) return container;
      await this.executor.idle(container.id);
    }
  }

  #find(ref: string): ContainerRecord | undefined {
    try {
      return this.core.ledger.head.container(ref);
    } catch (error) {
      if (error instanceof ShiplogError) return undefined;
      throw error;
    }
  }
}

function leftOff(facts: { readonly container: string }): ShiplogError {
  return new ShiplogError('CANCELED', 'the caller went away, or the container is being removed', facts);
}
