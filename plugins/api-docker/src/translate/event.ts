import type { ContentVerb, EventOf, ImageRemoval, IntentData, LoadedImage, ShiplogEvent, StateView } from '@shiplog/contracts';
import type { Attributes, DockerEvent } from './docker-event.ts';
import { labelsOf } from './effective-config.ts';

interface KnownContainer {
  name: string;
  readonly image: string;
  readonly labels: Attributes;
  /** Nanoseconds since the epoch, decimal; '' for never. */
  startedAt: string;
  up: boolean;
  oomTold: boolean;
  /** Networks it is connected to: id, name. */
  networks: readonly { readonly id: string; readonly name: string }[];
}

interface KnownExec {
  readonly container: string;
  readonly command: string;
  started: boolean;
}

/** What Docker calls content that is taken; it tells nothing of who only looks, or reads what was printed. */
const TAKEN: { readonly [V in ContentVerb]: string | undefined } = {
  'image.save': 'save',
  'container.stat': undefined,
  'container.archive': 'archive-path',
  'container.export': 'export',
  'container.attach': 'attach',
  'container.logs': undefined,
  'container.top': 'top',
};

/** An intent that waits for its outcome, and whether a signal was seen meanwhile. */
interface OpenIntent {
  readonly intent: ShiplogEvent;
  signaled: boolean;
  /** Was up when it was asked for. */
  readonly wasUp: boolean;
  /** Networks that it connected a container to, so far. */
  readonly joined: string[];
}

/**
 * The log as Docker's events. A fold: feed it events in order, from the log's start or from a state, and it answers with
 * the events Docker would have sent, each with its object's name, image and labels at that moment. Where a label has the
 * name of a specific attribute (`exitCode`, `signal`), the attribute wins; in Docker the label does, and the fact is lost.
 */
export class EventProjection {
  readonly #containers = new Map<string, KnownContainer>();
  /** Labels of images, by id. */
  readonly #images = new Map<string, Attributes>();
  readonly #networks = new Map<string, { readonly name: string; readonly type: string }>();
  readonly #volumes = new Map<string, string>();
  readonly #execs = new Map<string, KnownExec>();
  readonly #open = new Map<string, OpenIntent>();

  /** Starts from a state instead of the log's start. Intents that are open in it must be fed with {@link EventProjection.resume}. */
  static from(view: StateView): EventProjection {
    const projection = new EventProjection();
    for (const image of view.images.values()) projection.#images.set(image.id, image.config.Labels ?? {});
    for (const { id, name, driver } of view.networks.values()) projection.#networks.set(id, { name, type: driver });
    for (const { name, driver } of view.volumes.values()) projection.#volumes.set(name, driver);
    for (const exec of view.execs.values())
      projection.#rememberExec(exec.id, exec.containerId, exec.spec.command, exec.status !== 'created');
    for (const container of view.containers.values()) {
      const up = container.status === 'running' || container.status === 'paused';
      projection.#containers.set(container.id, {
        name: container.name,
        image: container.spec.image,
        labels: labelsOf(container.spec, view.images.get(container.imageId)),
        startedAt: container.startedAt,
        up,
        oomTold: container.oomKilled,
        networks: container.active
          ? Object.values(container.endpoints).map(({ networkId, networkName }) => ({ id: networkId, name: networkName }))
          : [],
      });
    }
    return projection;
  }

  /** Remembers an intent from before the start. */
  resume(intent: ShiplogEvent): void {
    if (intent.kind === 'intent') this.#open.set(intent.op, { intent, signaled: false, wasUp: this.#wasUp(intent), joined: [] });
  }

  /** Docker's events for one event of the log, in order; most have none. */
  next(event: ShiplogEvent): readonly DockerEvent[] {
    if (event.kind === 'intent') {
      this.resume(event);
      return [];
    }
    switch (event.type) {
      case 'operation.step':
        return this.#step(event);
      case 'container.exited':
        return this.#exited(event);
      case 'container.oom':
        return this.#oom(event.data.id, event.t);
      case 'container.health': {
        const { id, status, was } = event.data;
        return status === was ? [] : this.#container(id, `health_status: ${status}`, event.t);
      }
      case 'exec.exited': {
        const { id, containerId, exitCode } = event.data;
        return [
          ...this.#startedExec(id, event.t),
          ...this.#container(containerId, 'exec_die', event.t, { execID: id, exitCode: String(exitCode) }),
        ];
      }
      case 'content.read':
        return this.#taken(event);
      case 'content.detached': {
        const { exec } = event.data;
        const id = event.stream.slice(event.stream.indexOf('/') + 1);
        return exec === undefined ? this.#container(id, 'detach', event.t) : this.#container(id, 'exec_detach', event.t, { execID: exec });
      }
      case 'host.rebooted':
        for (const container of this.#containers.values()) container.networks = [];
        return [];
      default:
        return event.kind === 'outcome' ? this.#outcome(event) : [];
    }
  }

  #outcome(event: ShiplogEvent): readonly DockerEvent[] {
    const open = this.#open.get(event.op);
    this.#open.delete(event.op);
    if (open === undefined) return [];
    if (event.type === 'container.start.failed') return this.#failedStart(open, event.t);
    return event.type.endsWith('.succeeded') ? this.#succeeded(open, event) : [];
  }

  #succeeded(open: OpenIntent, outcome: ShiplogEvent): readonly DockerEvent[] {
    const { intent } = open;
    const at = outcome.t;
    switch (intent.type) {
      case 'container.create.requested':
        return this.#created(intent, at);
      case 'container.start.requested':
        return this.#started(intent.data.decided, at);
      case 'container.restart.requested': {
        const { decided } = intent.data;
        if (decided === null) return [];
        const left = this.#disconnected(decided.id, at);
        const stop = open.wasUp ? this.#container(decided.id, 'stop', at) : [];
        return [...left, ...stop, ...this.#started(decided, at), ...this.#container(decided.id, 'restart', at)];
      }
      case 'container.stop.requested':
        return this.#container(intent.data.decided?.id, 'stop', at);
      case 'container.kill.requested': {
        const { decided } = intent.data;
        return open.signaled || decided === null ? [] : this.#container(decided.id, 'kill', at, { signal: String(decided.signal) });
      }
      case 'container.pause.requested':
        return this.#container(intent.data.decided?.id, 'pause', at);
      case 'container.unpause.requested':
        return this.#container(intent.data.decided?.id, 'unpause', at);
      case 'container.update.requested':
        return this.#container(intent.data.decided?.id, 'update', at);
      case 'container.extract.requested':
        return this.#container(intent.data.decided?.id, 'extract-to-dir', at);
      case 'container.archive.requested':
        return this.#container(intent.data.decided?.id, 'archive-path', at);
      case 'container.export.requested':
        return this.#container(intent.data.decided?.id, 'export', at);
      case 'container.rename.requested':
        return this.#renamed(intent.data.decided, at);
      case 'container.resize.requested': {
        const { decided } = intent.data;
        return decided === null
          ? []
          : this.#container(decided.id, 'resize', at, { height: String(decided.rows), width: String(decided.columns) });
      }
      case 'container.release.requested':
        return this.#disconnected(intent.data.decided?.id, at);
      case 'container.remove.requested': {
        const { decided } = intent.data;
        const left = this.#disconnected(decided?.id, at);
        const volumes = (decided?.volumes ?? []).map((name) => this.#destroyedVolume(name, at));
        return [...left, ...volumes, ...this.#destroyed(decided?.id, at)];
      }
      case 'container.prune.requested': {
        if (outcome.type !== 'container.prune.succeeded') return [];
        const gone = outcome.data.removed.flatMap((id) => this.#destroyed(id, at));
        return [...gone, pruned('container', outcome.data.reclaimedBytes, at)];
      }
      case 'exec.create.requested': {
        const { decided } = intent.data;
        if (decided === null) return [];
        const command = this.#rememberExec(decided.id, decided.containerId, decided.spec.command);
        return this.#container(decided.containerId, `exec_create: ${command}`, at, { execID: decided.id });
      }
      case 'exec.start.requested':
        return this.#startedExec(intent.data.decided?.id, at);
      default:
        return this.#objectSucceeded(intent, outcome);
    }
  }

  /** Images, networks and volumes. */
  #objectSucceeded(intent: ShiplogEvent, outcome: ShiplogEvent): readonly DockerEvent[] {
    const at = outcome.t;
    switch (intent.type) {
      case 'image.load.requested':
        return outcome.type === 'image.load.succeeded' ? this.#arrived('load', outcome.data.images, at) : [];
      case 'image.import.requested':
        return outcome.type === 'image.import.succeeded' ? this.#arrived('import', outcome.data.images, at) : [];
      case 'image.commit.requested':
        return outcome.type === 'image.commit.succeeded' ? this.#committed(intent.data, outcome.data.images, at) : [];
      case 'image.pull.requested':
        return outcome.type === 'image.pull.succeeded' ? this.#arrived('pull', outcome.data.images, at) : [];
      case 'image.push.requested': {
        const { decided } = intent.data;
        if (decided === null || outcome.type !== 'image.push.succeeded') return [];
        return [this.#image(decided.id, 'push', decided.reference, at)];
      }
      case 'image.tag.requested': {
        const { decided } = intent.data;
        if (decided === null) return [];
        return [this.#image(decided.id, 'tag', decided.reference, at)];
      }
      case 'image.remove.requested':
        return this.#removedImages(intent.data.decided?.removals ?? [], at);
      case 'image.prune.requested': {
        if (outcome.type !== 'image.prune.succeeded') return [];
        const gone = this.#removedImages(intent.data.decided?.removals ?? [], at);
        return [...gone, pruned('image', outcome.data.reclaimedBytes, at)];
      }
      case 'network.create.requested': {
        const { decided } = intent.data;
        if (decided === null) return [];
        this.#networks.set(decided.id, { name: decided.name, type: decided.driver });
        return decided.predefined ? [] : [this.#network(decided.id, 'create', at)];
      }
      case 'network.remove.requested': {
        const { decided } = intent.data;
        return decided === null ? [] : [this.#destroyedNetwork(decided.id, at)];
      }
      case 'network.prune.requested': {
        if (outcome.type !== 'network.prune.succeeded') return [];
        const gone = outcome.data.removed.map((id) => this.#destroyedNetwork(id, at));
        // A network takes no room.
        return [...gone, pruned('network', 0, at)];
      }
      case 'network.connect.requested':
        return this.#connected(intent.data.decided, at);
      case 'network.disconnect.requested': {
        const { decided } = intent.data;
        const container = decided === null ? undefined : this.#containers.get(decided.id);
        if (decided?.endpoint === undefined || container === undefined) return [];
        container.networks = container.networks.filter(({ id }) => id !== decided.networkId);
        return [this.#network(decided.networkId, 'disconnect', at, { container: decided.id })];
      }
      case 'volume.create.requested': {
        const { decided } = intent.data;
        return decided === null ? [] : this.#createdVolume(decided.name, decided.driver, at);
      }
      case 'volume.remove.requested': {
        const { decided } = intent.data;
        // Force lets the removal of what is not there succeed.
        return decided === null || !this.#volumes.has(decided.name) ? [] : [this.#destroyedVolume(decided.name, at)];
      }
      case 'volume.prune.requested': {
        if (outcome.type !== 'volume.prune.succeeded') return [];
        const gone = outcome.data.removed.map((name) => this.#destroyedVolume(name, at));
        return [...gone, pruned('volume', outcome.data.reclaimedBytes, at)];
      }
      default:
        return [];
    }
  }

  #created(intent: ShiplogEvent & { readonly data: IntentData<'container.create'> }, at: string): readonly DockerEvent[] {
    const { decided } = intent.data;
    if (decided === null) return [];
    this.#containers.set(decided.id, {
      name: decided.name,
      image: decided.spec.image,
      labels: { ...this.#images.get(decided.imageId), ...decided.spec.labels },
      startedAt: '',
      up: false,
      oomTold: false,
      networks: [],
    });
    // Volumes that are not there yet come with the container.
    const volumes = decided.spec.mounts.flatMap((mount) =>
      mount.type === 'volume' ? this.#createdVolume(mount.source, mount.driver ?? 'local', at) : [],
    );
    return [...volumes, ...this.#container(decided.id, 'create', at)];
  }

  #started(decided: IntentData<'container.start'>['decided'], at: string): readonly DockerEvent[] {
    const container = decided === null ? undefined : this.#containers.get(decided.id);
    if (decided === null || container === undefined) return [];
    container.startedAt = at;
    container.up = true;
    container.oomTold = false;
    container.networks = decided.endpoints.map(({ networkId, networkName }) => ({ id: networkId, name: networkName }));
    const connected = container.networks.map(({ id }) => this.#network(id, 'connect', at, { container: decided.id }));
    return [...connected, ...this.#container(decided.id, 'start', at)];
  }

  /** It leaves the networks again that it was connected to meanwhile; that it did not run is no event, as in Docker. */
  #failedStart({ intent, joined }: OpenIntent, at: string): readonly DockerEvent[] {
    const container = containerOf(intent);
    if (container === undefined) return [];
    const both = (action: string): readonly DockerEvent[] => joined.map((id) => this.#network(id, action, at, { container }));
    return [...both('connect'), ...both('disconnect')];
  }

  #exited({ data, t }: EventOf<'container.exited'>): readonly DockerEvent[] {
    const container = this.#containers.get(data.id);
    if (container === undefined) return [];
    const oom = data.oomKilled && !container.oomTold ? this.#oom(data.id, t) : [];
    const ran = container.startedAt === '' ? 0n : (BigInt(t) - BigInt(container.startedAt)) / 1_000_000_000n;
    container.up = false;
    return [...oom, ...this.#container(data.id, 'die', t, { exitCode: String(data.exitCode), execDuration: String(ran < 0n ? 0n : ran) })];
  }

  #oom(id: string, at: string): readonly DockerEvent[] {
    const container = this.#containers.get(id);
    if (container !== undefined) container.oomTold = true;
    return this.#container(id, 'oom', at);
  }

  #step({ op, data, t }: EventOf<'operation.step'>): readonly DockerEvent[] {
    const open = this.#open.get(op);
    // A step for each endpoint, in their order.
    if (open?.intent.type === 'container.start.requested' && data.step.startsWith('network.attach ')) {
      const endpoint = open.intent.data.decided?.endpoints[open.joined.length];
      if (endpoint !== undefined) open.joined.push(endpoint.networkId);
    }
    const signal = data.facts?.['signal'];
    if (data.step !== 'signal' || signal === undefined || open === undefined) return [];
    open.signaled = true;
    return this.#container(containerOf(open.intent), 'kill', t, { signal: String(signal) });
  }

  #renamed(decided: IntentData<'container.rename'>['decided'], at: string): readonly DockerEvent[] {
    const container = decided === null ? undefined : this.#containers.get(decided.id);
    if (decided === null || container === undefined) return [];
    container.name = decided.name;
    return this.#container(decided.id, 'rename', at, { oldName: `/${decided.oldName}` });
  }

  #connected(decided: IntentData<'network.connect'>['decided'], at: string): readonly DockerEvent[] {
    const container = decided === null ? undefined : this.#containers.get(decided.id);
    if (decided?.endpoint === undefined || container === undefined) return [];
    container.networks = [...container.networks, { id: decided.networkId, name: decided.networkName }];
    return [this.#network(decided.networkId, 'connect', at, { container: decided.id })];
  }

  #disconnected(id: string | undefined, at: string): readonly DockerEvent[] {
    const container = id === undefined ? undefined : this.#containers.get(id);
    if (id === undefined || container === undefined) return [];
    const left = container.networks.map((network) => this.#network(network.id, 'disconnect', at, { container: id }));
    container.networks = [];
    return left;
  }

  #destroyed(id: string | undefined, at: string): readonly DockerEvent[] {
    if (id === undefined || !this.#containers.has(id)) return [];
    const gone = [...this.#disconnected(id, at), ...this.#container(id, 'destroy', at)];
    this.#containers.delete(id);
    for (const [exec, { container }] of this.#execs) if (container === id) this.#execs.delete(exec);
    return gone;
  }

  /** Docker names a saved image by its id. */
  #taken({ stream, t, data, result }: EventOf<'content.read'>): readonly DockerEvent[] {
    const action = TAKEN[data.verb];
    if (result !== undefined || action === undefined) return [];
    const id = stream.slice(stream.indexOf('/') + 1);
    return data.verb === 'image.save' ? [this.#image(id, action, id, t)] : this.#container(id, action, t);
  }

  #arrived(action: 'load' | 'import' | 'pull', images: readonly LoadedImage[], at: string): readonly DockerEvent[] {
    return images.flatMap(({ manifest, tags }) => {
      this.#images.set(manifest.id, manifest.config.Labels ?? {});
      return [
        this.#image(manifest.id, action, tags[0] ?? manifest.id, at),
        ...(action === 'import' ? tags.map((tag) => this.#image(manifest.id, 'tag', tag, at)) : []),
      ];
    });
  }

  /** Told of the container, as Docker does; and of the tag, if there is one. */
  #committed({ decided, args }: IntentData<'image.commit'>, images: readonly LoadedImage[], at: string): readonly DockerEvent[] {
    return images.flatMap(({ manifest, tags }) => {
      this.#images.set(manifest.id, manifest.config.Labels ?? {});
      const specific = { comment: args?.message ?? '', imageID: manifest.id, imageRef: tags[0] ?? '' };
      return [...tags.map((tag) => this.#image(manifest.id, 'tag', tag, at)), ...this.#container(decided?.id, 'commit', at, specific)];
    });
  }

  #removedImages(removals: readonly ImageRemoval[], at: string): readonly DockerEvent[] {
    return removals.flatMap(({ id, untag, remove }) => {
      const told = [...untag.map((tag) => this.#image(id, 'untag', tag, at)), ...(remove ? [this.#image(id, 'delete', id, at)] : [])];
      if (remove) this.#images.delete(id);
      return told;
    });
  }

  #destroyedNetwork(id: string, at: string): DockerEvent {
    const removed = this.#network(id, 'destroy', at);
    this.#networks.delete(id);
    return removed;
  }

  #createdVolume(name: string, driver: string, at: string): readonly DockerEvent[] {
    if (this.#volumes.has(name)) return [];
    this.#volumes.set(name, driver);
    return [dockerEvent('volume', 'create', name, { driver }, at)];
  }

  #destroyedVolume(name: string, at: string): DockerEvent {
    const driver = this.#volumes.get(name) ?? '';
    this.#volumes.delete(name);
    return dockerEvent('volume', 'destroy', name, { driver }, at);
  }

  #rememberExec(id: string, container: string, words: readonly string[], started = false): string {
    const command = words.join(' ');
    this.#execs.set(id, { container, command, started });
    return command;
  }

  /** Once: a session that ends at once may do so before its start is an outcome. */
  #startedExec(id: string | undefined, at: string): readonly DockerEvent[] {
    const exec = id === undefined ? undefined : this.#execs.get(id);
    if (id === undefined || exec === undefined || exec.started) return [];
    exec.started = true;
    return this.#container(exec.container, `exec_start: ${exec.command}`, at, { execID: id });
  }

  #wasUp(intent: ShiplogEvent): boolean {
    return this.#containers.get(containerOf(intent) ?? '')?.up ?? false;
  }

  #container(id: string | undefined, action: string, at: string, specific: Attributes = {}): readonly DockerEvent[] {
    const container = id === undefined ? undefined : this.#containers.get(id);
    if (id === undefined || container === undefined) return [];
    const { labels, image, name } = container;
    return [dockerEvent('container', action, id, { ...labels, image, name, ...specific }, at)];
  }

  #image(id: string, action: string, name: string, at: string): DockerEvent {
    return dockerEvent('image', action, id, { ...this.#images.get(id), name }, at);
  }

  #network(id: string, action: string, at: string, specific: Attributes = {}): DockerEvent {
    const network = this.#networks.get(id);
    return dockerEvent('network', action, id, { name: network?.name ?? '', type: network?.type ?? '', ...specific }, at);
  }
}

function dockerEvent(type: DockerEvent['type'], action: string, id: string, attributes: Attributes, time: string): DockerEvent {
  return { type, action, id, attributes: sorted(attributes), time };
}

/** What a prune is told as, after each thing that went. */
function pruned(type: DockerEvent['type'], reclaimedBytes: number, time: string): DockerEvent {
  return dockerEvent(type, 'prune', '', { reclaimed: String(reclaimedBytes) }, time);
}

/** Keys in order, as Go prints maps. */
function sorted(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The container an operation is about, by its stream. */
function containerOf(intent: ShiplogEvent): string | undefined {
  return intent.stream.startsWith('container/') ? intent.stream.slice('container/'.length) : undefined;
}
