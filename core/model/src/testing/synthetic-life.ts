import type { Actor, ContainerSpec, ErrorRecord, NewEvent } from '@shiplog/contracts';
import { PLAIN_EXEC } from '@shiplog/contracts/testing';
import { chore } from './synthetic-chores.ts';
import type { During, Script, SyntheticHost } from './synthetic-host.ts';
import { asked, system } from './synthetic-requests.ts';
import { NAMES, syntheticImage, syntheticSpec } from './synthetic-specs.ts';

const UP: readonly During[] = [
  'network.openSandbox',
  'cgroup.create',
  'storage.mount',
  'network.attach bridge',
  'runtime.create',
  'runtime.start',
];
const DOWN: readonly During[] = ['runtime.remove', 'cgroup.remove', 'network.detach bridge', 'network.closeSandbox', 'storage.unmount'];
const GONE: readonly During[] = ['storage.remove', 'log.remove', 'vault.remove'];
const RUNTIME_FAILED: ErrorRecord = {
  code: 'RUNTIME_FAILED',
  message: 'the runtime could not create the container: no space left on device',
};

/** What happens on a synthetic host. Every script leaves the containers it took as they may be found: idle. */
export class SyntheticLife {
  readonly #host: SyntheticHost;
  #count = 0;

  constructor(host: SyntheticHost) {
    this.#host = host;
  }

  /** What an engine finds on its first start: networks, and images that were loaded. */
  *install(): Script {
    const host = this.#host;
    this.#started(true);
    for (const name of ['bridge', 'host', 'none']) {
      const subnet = name === 'bridge' ? { subnet: '172.17.0.0/16' } : {};
      const args = { name, driver: name, internal: false, options: {}, labels: {}, predefined: true, ...subnet };
      yield* host.perform('network.create', args, { by: system('first-start'), during: ['network.createNetwork'], data: {} });
    }
    for (let index = 0; index < 12; index += 1) yield* this.load(`registry.example/${NAMES[index % 10]}:${index}`);
  }

  *load(tag: string): Script {
    const layers = 1 + this.#host.random.integer(5);
    const during = Array.from({ length: layers }, (_, index) => `storage.applyLayer ${index}`);
    const images = [{ manifest: syntheticImage(this.#host, layers), tags: [tag] }];
    yield* this.#host.perform(
      'image.load',
      { quiet: true },
      { ...asked(this.#host, '/images/load'), during, data: { images, storageDriver: 'overlay' } },
    );
  }

  /** A service: it is made and stays. */
  *service(): Script {
    yield* this.#run(syntheticSpec(this.#host, { restart: { policy: 'unless-stopped', maxRetries: 0 } }));
  }

  /** A job: it runs, ends by itself and is removed. */
  *job(): Script {
    const id = yield* this.#run(syntheticSpec(this.#host, { autoRemove: true }));
    if (id === undefined) return;
    this.#host.taken.add(id);
    if (this.#host.random.chance(0.3)) yield* this.#exec(id);
    const cause = this.#exited(id, this.#host.random.chance(0.9) ? 0 : 1);
    yield;
    yield* this.#remove(id, system('auto-remove'), cause);
    this.#host.taken.delete(id);
  }

  /** Something happens to a container that is there. `shrink`: rather its removal. */
  *event(shrink: boolean): Script {
    const host = this.#host;
    const id = this.#pick();
    if (id === undefined) return;
    host.taken.add(id);
    try {
      if (host.state.containers.get(id)?.status !== 'running') yield* shrink ? this.#remove(id) : this.#start(id);
      else if (shrink) yield* this.#stop(id);
      else yield* this.#somethingTo(id);
    } finally {
      host.taken.delete(id);
    }
  }

  /** What happens now and then, to no container in particular. */
  *chore(): Script {
    yield* chore(this.#host, this.#name(), (tag) => this.load(tag));
  }

  /** The engine is stopped, if nothing is under way, and started again. */
  *restart(): Script {
    const instance = this.#host.inst;
    if (this.#host.state.openOperations.size > 0) return;
    this.#host.observe(system('stop'), { stream: 'engine', type: 'engine.stopped', kind: 'meta', data: { instance, reason: 'SIGTERM' } });
    this.#started(true);
    yield;
  }

  *#somethingTo(id: string): Script {
    const { random } = this.#host;
    switch (random.integer(10)) {
      case 0:
        yield* this.#host.perform(
          'container.pause',
          { container: id },
          { ...asked(this.#host, '/containers/{id}/pause'), during: ['cgroup.freeze'], data: {} },
        );
        yield* this.#host.perform(
          'container.unpause',
          { container: id },
          { ...asked(this.#host, '/containers/{id}/unpause'), during: ['cgroup.thaw'], data: {} },
        );
        return;
      case 1:
        yield* this.#host.perform(
          'container.rename',
          { container: id, name: this.#name() },
          { ...asked(this.#host, '/containers/{id}/rename'), data: {} },
        );
        return;
      case 2:
        yield* this.#release(id, this.#exited(id, random.of([0, 1, 2, 139])));
        return;
      case 3: {
        const during: During[] = ['runtime.signal', () => this.#exited(id, 143), ...DOWN, ...UP];
        yield* this.#host.perform(
          'container.restart',
          { container: id },
          { ...asked(this.#host, '/containers/{id}/restart'), during, data: () => this.#host.process() },
        );
        return;
      }
      case 4:
        yield* this.#host.perform(
          'container.kill',
          { container: id, signal: 'HUP' },
          { ...asked(this.#host, '/containers/{id}/kill'), during: ['signal'], data: {} },
        );
        return;
      case 5:
        yield* this.#stop(id);
        yield* this.#start(id);
        return;
      default:
        yield* this.#exec(id);
    }
  }

  *#run(spec: ContainerSpec): Script<string | undefined> {
    const how = { ...asked(this.#host, '/containers/create'), during: ['storage.prepare'], data: { warnings: [] } };
    const made = yield* this.#host.perform('container.create', { name: this.#name(), spec }, how);
    if (made === undefined) return undefined;
    this.#host.taken.add(made.id);
    yield* this.#start(made.id);
    this.#host.taken.delete(made.id);
    return this.#host.state.containers.get(made.id)?.status === 'running' ? made.id : undefined;
  }

  *#start(id: string): Script {
    const failure = this.#host.random.chance(0.02) ? { failure: RUNTIME_FAILED } : {};
    const how = { ...asked(this.#host, '/containers/{id}/start'), during: UP, data: () => this.#host.process(), ...failure };
    yield* this.#host.perform('container.start', { container: id }, how);
    if (failure.failure !== undefined && this.#host.state.containers.get(id)?.spec.autoRemove === true)
      yield* this.#remove(id, system('auto-remove'), this.#host.seq);
  }

  *#stop(id: string): Script {
    let exit = -1;
    const during: During[] = ['signal', () => (exit = this.#exited(id, 143))];
    yield* this.#host.perform(
      'container.stop',
      { container: id },
      { ...asked(this.#host, '/containers/{id}/stop'), during, data: { exitCode: 143 } },
    );
    yield* this.#release(id, exit);
  }

  *#release(id: string, cause: number): Script {
    yield* this.#host.perform('container.release', { container: id }, { by: system('exit'), cause, during: DOWN, data: {} });
  }

  *#remove(id: string, by?: Actor, cause?: number): Script {
    const request = by === undefined ? asked(this.#host, '/containers/{id}', 'DELETE') : { by, ...(cause === undefined ? {} : { cause }) };
    const during = this.#host.state.containers.get(id)?.active === true ? [...DOWN, ...GONE] : GONE;
    yield* this.#host.perform('container.remove', { container: id, force: false, volumes: true }, { ...request, during, data: {} });
  }

  *#exec(id: string): Script {
    const command = ['sh', '-c', 'test -e /run/ready'];
    const spec = { ...PLAIN_EXEC, command };
    const made = yield* this.#host.perform(
      'exec.create',
      { container: id, spec },
      { ...asked(this.#host, '/containers/{id}/exec'), data: {} },
    );
    if (made === undefined) return;
    const args = { exec: made.id, detach: false, tty: false };
    yield* this.#host.perform('exec.start', args, {
      ...asked(this.#host, '/exec/{id}/start'),
      during: ['runtime.execStart'],
      data: () => this.#host.process(),
    });
    const data = { id: made.id, containerId: id, exitCode: 0, finishedAt: this.#host.now };
    this.#host.observe(system('monitor'), { stream: `container/${id}`, type: 'exec.exited', kind: 'observed', data });
    yield;
  }

  #exited(id: string, exitCode: number): number {
    const data = { id, exitCode, oomKilled: false, finishedAt: this.#host.now, source: 'monitor' } as const;
    return this.#host.observe(system('monitor'), { stream: `container/${id}`, type: 'container.exited', kind: 'observed', data });
  }

  #started(clean: boolean): void {
    this.#host.inst = this.#host.random.hex(32);
    const data = { version: '0.1.0', instance: this.#host.inst, bootId: 'boot-1', clean, config: { root: '/var/lib/shiplog' } };
    const started: NewEvent = { stream: 'engine', type: 'engine.started', kind: 'meta', data };
    this.#host.observe(system('start'), started);
  }

  #pick(): string | undefined {
    const ids = [...this.#host.state.containers.keys()].filter((id) => !this.#host.taken.has(id));
    return ids.length === 0 ? undefined : this.#host.random.of(ids);
  }

  #name(): string {
    return `${this.#host.random.of(NAMES)}-${(this.#count += 1)}`;
  }
}
