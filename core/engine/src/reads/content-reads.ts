import {
  type AttachOptions,
  type Caller,
  type ContainerRecord,
  type ContentRead,
  type ContentStream,
  type IoChannel,
  type LogOptions,
  type LogRecord,
  type ProcessTable,
  ShiplogError,
} from '@shiplog/contracts';
import type { Executor } from '../commands/executor.ts';
import { readOutput } from '../containers/output.ts';
import type { EngineCore } from '../core.ts';
import { scrubbed } from '../secrets/scrub.ts';
import { behind } from './recorded-channel.ts';
import type { Reads } from './reads.ts';

type Verb = 'container.attach' | 'container.logs' | 'container.top';

/** What passes between callers and containers' processes without a command: each is recorded, once a request, before its first byte. */
export class ContentReads {
  constructor(
    private readonly core: EngineCore,
    private readonly executor: Executor,
    private readonly reads: Reads,
  ) {}

  /**
   * See Engine.attach. Nobody waits for the record but the bytes: of a container that does not run there are none before the intent of its start, with which
   * the record is written.
   */
  async attach(ref: string, options: AttachOptions, caller: Caller): Promise<IoChannel> {
    const container = await this.#container('container.attach', ref, caller);
    const read = { verb: 'container.attach', ref, streams: streamsOf(options) } as const;
    const running = container.process !== undefined;
    const channel = await this.#or(read, container, caller, async () => {
      if (container.status === 'paused')
        throw new ShiplogError('CONTAINER_PAUSED', `container ${container.id} is paused, unpause the container before attach`, {
          container: container.id,
        });
      if (container.status === 'restarting')
        throw new ShiplogError(
          'CONTAINER_BUSY',
          `container ${container.id} is restarting, wait until the container is running before attach`,
          {
            container: container.id,
          },
        );
      return running ? this.core.io.open(container.runtime, { id: container.id }) : this.#await(container.id);
    });
    return behind(channel, this.#record(read, container, caller, { lazy: !running }));
  }

  /** See Engine.detached. */
  async detached(target: { readonly container: string } | { readonly exec: string }, caller: Caller): Promise<void> {
    const { containers, execs } = this.core.ledger.head;
    const exec = 'exec' in target ? execs.get(target.exec) : undefined;
    const id = 'container' in target ? target.container : exec?.containerId;
    if (id !== undefined && containers.has(id)) await this.reads.recordDetached(`container/${id}`, exec?.id, caller);
  }

  /** See Engine.logs. */
  async logs(ref: string, options: LogOptions, caller: Caller): Promise<AsyncIterable<LogRecord>> {
    const container = await this.#container('container.logs', ref, caller);
    const read = { verb: 'container.logs', ref, streams: streamsOf({ ...options, stdin: false }) } as const;
    const records = await this.#or(read, container, caller, async () => readOutput(this.core, container.id, options));
    await this.#record(read, container, caller);
    return records;
  }

  /** See Engine.top. */
  async top(ref: string, psArgs: string, caller: Caller, signal: AbortSignal): Promise<ProcessTable> {
    const container = await this.#container('container.top', ref, caller);
    const read = { verb: 'container.top', ref } as const;
    const { parts } = this.core;
    const table = await this.#or(read, container, caller, async () => {
      if (container.process === undefined)
        throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${container.id} is not running`, { container: container.id });
      const ctx = { op: parts.identities.op(), signal };
      const { pids } = (await this.core.call('cgroup', parts.chosen.cgroup, 'processes', { id: container.id }, ctx)) as {
        readonly pids: number[];
      };
      return parts.drivers.get('runtime', container.runtime).top(pids, psArgs);
    });
    await this.#record(read, container, caller);
    return table;
  }

  /** A channel of a process that is to come. One that is being started may have it already: whoever asks then is served when that is done. */
  #await(id: string): IoChannel {
    const { io, ledger, parts } = this.core;
    const channel = io.await(id);
    const serve = async (): Promise<void> => {
      await this.executor.idle(id);
      const now = ledger.head.containers.get(id);
      if (now?.process !== undefined) await io.connect(now.runtime, { id });
    };
    serve().catch((error: unknown) => parts.logger.debug('nothing to attach to', { id, error: String(error) }));
    return channel;
  }

  #container(verb: Verb, ref: string, caller: Caller): Promise<ContainerRecord> {
    return this.reads.prepare(verb, caller, async () => this.core.ledger.head.container(ref));
  }

  /** What comes of `begin`; where that is nothing, it is recorded why. */
  async #or<R>(read: Omit<ContentRead, 'stream'>, container: ContainerRecord, caller: Caller, begin: () => Promise<R>): Promise<R> {
    try {
      return await begin();
    } catch (thrown) {
      const error = scrubbed(ShiplogError.wrap(thrown), [], this.core.secrets.rules);
      await this.#record({ ...read, error: error.toRecord() }, container, caller);
      throw thrown;
    }
  }

  #record(read: Omit<ContentRead, 'stream'>, { id }: ContainerRecord, caller: Caller, options?: { readonly lazy: boolean }): Promise<void> {
    return this.reads.recordContent([{ ...read, stream: `container/${id}` }], caller, options);
  }
}

function streamsOf({ stdin, stdout, stderr }: AttachOptions): readonly ContentStream[] {
  return [...(stdin ? (['stdin'] as const) : []), ...(stdout ? (['stdout'] as const) : []), ...(stderr ? (['stderr'] as const) : [])];
}
