import { createHash } from 'node:crypto';
import { type ContainerRecord, type Digest, type ImageRecord, ShiplogError } from '@shiplog/contracts';
import { FakeLog } from './fake-log.ts';
import { FakeProcess } from './fake-process.ts';
import { FakeView } from './fake-view.ts';

/** The process of every container that runs. */
export const PROCESS = { pid: 4242, startTicks: 1, bootId: 'boot' };

/** What a fake engine acts on: records, a log and processes, all in memory. */
export class FakeHost {
  readonly log = new FakeLog();
  readonly state = new FakeView();
  readonly #processes = new Map<string, FakeProcess>();
  readonly #waiting = new Set<() => void>();
  readonly #autoRemove: (container: string) => void;

  /** `autoRemove` is told of containers that ended and want to be removed. */
  constructor(autoRemove: (container: string) => void) {
    this.#autoRemove = autoRemove;
    this.addNetwork('bridge');
    this.addImage('busybox:latest', ['sh']);
  }

  addImage(tag: string, command: readonly string[]): ImageRecord {
    const id: Digest = `sha256:${createHash('sha256').update(tag).digest('hex')}`;
    const image: ImageRecord = {
      id,
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config: { Cmd: command, Env: ['PATH=/bin'], Labels: { maker: 'test' } },
      layers: [{ diffId: id, chainId: id, digest: id, mediaType: 'application/vnd.oci.image.layer.v1.tar', size: 4096 }],
      history: [{ created: '2026-01-02T03:04:05Z', created_by: 'ADD rootfs' }],
      size: 4096,
      tags: tag === '' ? [] : [tag],
      repoDigests: [],
      arrivedAt: now(),
      lastTaggedAt: now(),
      storageDriver: 'vfs',
    };
    this.state.images.set(id, image);
    return image;
  }

  addNetwork(name: string): void {
    const id = createHash('sha256').update(name).digest('hex');
    this.state.networks.set(id, {
      id,
      name,
      driver: 'bridge',
      subnet: '172.17.0.0/16',
      gateway: '172.17.0.1',
      internal: false,
      predefined: true,
      options: {},
      labels: {},
      createdAt: now(),
    });
  }

  addProcess(id: string): void {
    this.#processes.set(id, new FakeProcess((exitCode) => this.#exited(id, exitCode), this.#processes.get(id)?.printed));
  }

  addExecProcess(id: string, containerId: string): void {
    this.#processes.set(id, new FakeProcess((exitCode) => this.#execExited(id, containerId, exitCode)));
  }

  process(id: string): FakeProcess {
    const process = this.#processes.get(id);
    if (process === undefined) throw new ShiplogError('INTERNAL', `no process for ${id}`);
    return process;
  }

  signal(op: string, id: string, verb: string, signal: number): void {
    this.log.append(op, `container/${id}`, 'operation.step', 'meta', { verb, step: 'signal', facts: { signal } });
    this.process(id).kill(signal);
  }

  #exited(id: string, exitCode: number): void {
    const finishedAt = now();
    this.patch(id, { status: 'exited', exitCode, finishedAt });
    // Whoever attaches from now on attaches to the next run.
    this.addProcess(id);
    this.log.append(`exit-${id}`, `container/${id}`, 'container.exited', 'observed', {
      id,
      exitCode,
      oomKilled: false,
      finishedAt,
      source: 'monitor',
    });
    if (this.state.containers.get(id)?.spec.autoRemove === true) setImmediate(() => this.#autoRemove(id));
    this.wake();
  }

  #execExited(id: string, containerId: string, exitCode: number): void {
    // Later than the end of the output, as in life.
    setTimeout(() => {
      const finishedAt = now();
      this.state.execs.set(id, { ...this.state.exec(id), status: 'exited', exitCode, finishedAt });
      this.log.append(`exit-${id}`, `container/${containerId}`, 'exec.exited', 'observed', { id, containerId, exitCode, finishedAt });
    }, 30);
  }

  patch(id: string, change: Partial<ContainerRecord>): void {
    this.state.containers.set(id, { ...this.state.container(id), ...change });
    this.wake();
  }

  /** Resolves when a container has changed, or the signal aborts. */
  changed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      signal?.addEventListener('abort', () => resolve());
    });
  }

  wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** The time, nanoseconds, decimal. */
export function now(): string {
  return (BigInt(Date.now()) * 1_000_000n).toString();
}
