import type { Actor, ContainerSpec, ErrorRecord, ImageManifest, MountSpec, NewEvent, PortBinding, RequestFacts } from '@shiplog/contracts';
import { PLAIN_EXEC, PLAIN_SPEC } from '@shiplog/contracts/testing';
import type { During, Script, SyntheticHost } from './synthetic-host.ts';

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
const NAMES = ['web', 'api', 'db', 'cache', 'queue', 'worker', 'cron', 'proxy', 'search', 'mail'];
const PEOPLE: readonly Actor[] = [
  { scheme: 'unix', uid: 0, gid: 0, pid: 811, start: 4021, exe: '/usr/bin/docker' },
  { scheme: 'unix', uid: 1000, gid: 1000, pid: 2302, start: 91_822, exe: '/usr/bin/docker', loginuid: 1000 },
  { scheme: 'unix', uid: 1001, gid: 998, pid: 2950, start: 120_033, exe: '/usr/bin/python3.13', loginuid: 1001 },
];
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
    const images = [{ manifest: this.#image(layers), tags: [tag] }];
    yield* this.#host.perform(
      'image.load',
      { quiet: true },
      { ...this.#asked('/images/load'), during, data: { images, storageDriver: 'overlay' } },
    );
  }

  /** A service: it is made and stays. */
  *service(): Script {
    yield* this.#run(this.#spec({ restart: { policy: 'unless-stopped', maxRetries: 0 } }));
  }

  /** A job: it runs, ends by itself and is removed. */
  *job(): Script {
    const id = yield* this.#run(this.#spec({ autoRemove: true }));
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
    const host = this.#host;
    const name = `${host.random.of(NAMES)}-${(this.#count += 1)}`;
    const options = { options: {}, labels: {} };
    switch (host.random.integer(7)) {
      case 0:
        yield* this.load(`registry.example/${name}:1`);
        return;
      case 1: {
        const image = host.random.of([...host.state.images.keys()]);
        yield* host.perform(
          'image.tag',
          { image, reference: `registry.example/${name}:2` },
          { ...this.#asked('/images/{name}/tag'), data: {} },
        );
        return;
      }
      case 2: {
        const image = host.random.of([...host.state.images.keys()]);
        const how = { ...this.#asked('/images/{name}', 'DELETE'), during: ['storage.remove', 'image-store.remove'], data: {} };
        if (host.state.images.size > 8) yield* host.perform('image.remove', { image, force: host.random.chance(0.5), prune: true }, how);
        return;
      }
      case 3: {
        const args = { name, driver: 'bridge', internal: host.random.chance(0.2), ...options };
        yield* host.perform('network.create', args, { ...this.#asked('/networks/create'), during: ['network.createNetwork'], data: {} });
        if (host.state.networks.size < 12) return;
        const network = [...host.state.networks.values()].find((known) => !known.predefined)?.id ?? name;
        yield* host.perform(
          'network.remove',
          { network },
          { ...this.#asked('/networks/{id}', 'DELETE'), during: ['network.removeNetwork'], data: {} },
        );
        return;
      }
      case 4:
        yield* host.perform(
          'volume.create',
          { name, driver: 'local', ...options },
          { ...this.#asked('/volumes/create'), during: ['volume.create'], data: {} },
        );
        if (host.random.chance(0.7))
          yield* host.perform(
            'volume.remove',
            { volume: name, force: false },
            { ...this.#asked('/volumes/{name}', 'DELETE'), during: ['volume.remove'], data: {} },
          );
        return;
      case 5:
        yield* host.perform(
          'container.start',
          { container: `no-such-${name}` },
          { ...this.#asked('/containers/{id}/start'), data: () => host.process() },
        );
        return;
      default: {
        const down = [...host.state.containers.values()].filter(
          ({ id, status, busy }) => status === 'exited' && busy === undefined && !host.taken.has(id),
        );
        const containers = down.slice(0, 3).map(({ id }) => id);
        const data = { removed: containers, reclaimedBytes: 4096 };
        yield* host.perform('container.prune', { containers }, { ...this.#asked('/containers/prune'), during: ['storage.remove'], data });
      }
    }
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
          { ...this.#asked('/containers/{id}/pause'), during: ['cgroup.freeze'], data: {} },
        );
        yield* this.#host.perform(
          'container.unpause',
          { container: id },
          { ...this.#asked('/containers/{id}/unpause'), during: ['cgroup.thaw'], data: {} },
        );
        return;
      case 1:
        yield* this.#host.perform(
          'container.rename',
          { container: id, name: this.#name() },
          { ...this.#asked('/containers/{id}/rename'), data: {} },
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
          { ...this.#asked('/containers/{id}/restart'), during, data: () => this.#host.process() },
        );
        return;
      }
      case 4:
        yield* this.#host.perform(
          'container.kill',
          { container: id, signal: 'HUP' },
          { ...this.#asked('/containers/{id}/kill'), during: ['signal'], data: {} },
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
    const how = { ...this.#asked('/containers/create'), during: ['storage.prepare'], data: { warnings: [] } };
    const made = yield* this.#host.perform('container.create', { name: this.#name(), spec }, how);
    if (made === undefined) return undefined;
    this.#host.taken.add(made.id);
    yield* this.#start(made.id);
    this.#host.taken.delete(made.id);
    return this.#host.state.containers.get(made.id)?.status === 'running' ? made.id : undefined;
  }

  *#start(id: string): Script {
    const failure = this.#host.random.chance(0.02) ? { failure: RUNTIME_FAILED } : {};
    const how = { ...this.#asked('/containers/{id}/start'), during: UP, data: () => this.#host.process(), ...failure };
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
      { ...this.#asked('/containers/{id}/stop'), during, data: { exitCode: 143 } },
    );
    yield* this.#release(id, exit);
  }

  *#release(id: string, cause: number): Script {
    yield* this.#host.perform('container.release', { container: id }, { by: system('exit'), cause, during: DOWN, data: {} });
  }

  *#remove(id: string, by?: Actor, cause?: number): Script {
    const asked = by === undefined ? this.#asked('/containers/{id}', 'DELETE') : { by, ...(cause === undefined ? {} : { cause }) };
    const during = this.#host.state.containers.get(id)?.active === true ? [...DOWN, ...GONE] : GONE;
    yield* this.#host.perform('container.remove', { container: id, force: false, volumes: true }, { ...asked, during, data: {} });
  }

  *#exec(id: string): Script {
    const command = ['sh', '-c', 'test -e /run/ready'];
    const spec = { ...PLAIN_EXEC, command };
    const made = yield* this.#host.perform('exec.create', { container: id, spec }, { ...this.#asked('/containers/{id}/exec'), data: {} });
    if (made === undefined) return;
    const args = { exec: made.id, detach: false, tty: false };
    yield* this.#host.perform('exec.start', args, {
      ...this.#asked('/exec/{id}/start'),
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

  #asked(route: string, method = 'POST'): { readonly by: Actor; readonly req: RequestFacts } {
    return { by: this.#host.random.of(PEOPLE), req: { method, route, api: '1.47', agent: 'Docker-Client/28.0.1 (linux)' } };
  }

  #spec(more: Partial<ContainerSpec>): ContainerSpec {
    const { random, state } = this.#host;
    const mounts: MountSpec[] = random.chance(0.2)
      ? [{ type: 'volume', source: `data-${random.integer(100)}`, target: '/data', readOnly: false }]
      : [];
    const ports: PortBinding[] = random.chance(0.3) ? [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 0 }] : [];
    return {
      ...PLAIN_SPEC,
      image: random.of([...state.images.values()].flatMap(({ tags }) => tags)),
      cmd: ['serve', '--port', '80', '--log-level', 'info'],
      env: { names: ['PATH', 'LANG', 'TOKEN'], secret: { id: random.hex(32), hmac: random.hex(64) } },
      labels: { app: random.of(NAMES), 'com.example.release': `r${random.integer(40)}`, 'com.example.owner': 'platform' },
      resources: random.chance(0.4) ? { memoryBytes: 268_435_456, cpuShares: 512 } : {},
      mounts,
      ports,
      ...more,
    };
  }

  #image(layers: number): ImageManifest {
    const digest = (): `sha256:${string}` => `sha256:${this.#host.random.hex(64)}`;
    return {
      id: digest(),
      architecture: 'amd64',
      os: 'linux',
      created: '2025-12-01T00:00:00Z',
      config: { Cmd: ['sh'], Env: ['PATH=/usr/bin:/bin'], WorkingDir: '/', StopSignal: 'SIGTERM' },
      layers: Array.from({ length: layers }, () => ({
        diffId: digest(),
        chainId: digest(),
        digest: digest(),
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        size: this.#host.random.integer(50_000_000),
      })),
      history: Array.from({ length: layers }, () => ({ created: '2025-12-01T00:00:00Z', created_by: 'COPY . /app # buildkit' })),
      size: 120_000_000,
    };
  }
}

function system(reason: string): Actor {
  return { scheme: 'system', reason };
}
