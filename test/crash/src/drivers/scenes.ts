import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller, CommandArgs, CommandType, ContainerSpec, ExecSpec, StateView } from '@shiplog/contracts';
import { PLAIN_EXEC, PLAIN_SPEC } from '@shiplog/contracts/testing';
import type { Host } from '@shiplog/plugin-host';
import type { Shelf } from './shelf.ts';
import type { Verb } from './verbs.ts';

export const IMAGE = 'busybox:test';
const NAME = 'subject';
const NETWORK = 'extra';
/** Networks that are there from the beginning, of the drivers with these names. */
const PREDEFINED: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);
/** Name of the list that {@link Archives.conflists} has. */
export const CONFLIST = 'killed';
const VOLUME = 'data';
const SIGTERM = 15;

/** Archives that images come from. */
export interface Archives {
  readonly image: string;
  readonly rootfs: string;
  /** Of a build: a Dockerfile of a command and a copy, on the test image. */
  readonly context: string;
  /** A directory of OCI image layouts: there is one called `pulled`. */
  readonly layouts: string;
  /** A registry that takes images of anybody: `127.0.0.1:PORT`. */
  readonly registry: string;
  /** A directory of CNI configuration lists. */
  readonly conflists: string;
}

/** Lives until SIGTERM, and takes other signals. */
const SERVE = ['sh', '-c', 'trap "exit 0" TERM; trap : USR1; sleep 100000 & while :; do wait $!; done'];

const EXEC: ExecSpec = { ...PLAIN_EXEC, command: ['sleep', '100000'] };

/** Makes what a verb is tried on, and answers how it is asked for. */
type Scene = () => Promise<() => Promise<unknown>>;

/** An engine on which every verb can be tried, from the same beginning each time. */
export class Scenes {
  readonly #caller: Caller;

  /** `subnet` is free for a network; `uid` is of a person that the log does not know yet. */
  constructor(
    private readonly host: Host,
    private readonly shelf: Shelf,
    private readonly archives: Archives,
    private readonly subnet: string,
    private readonly uid: number,
  ) {
    this.#caller = { actor: { scheme: 'unix', uid: 0, gid: 0, pid: process.pid } };
  }

  prepare(verb: Verb): Promise<() => Promise<unknown>> {
    return this.#scenes[verb]();
  }

  /** Takes away what verbs made; the test image is there, as it was first loaded. */
  async tidy(): Promise<void> {
    const view = await this.#view();
    for (const { id } of view.containers.values()) await this.#do('container.remove', { container: id, force: true, volumes: true });
    for (const { id, predefined } of view.networks.values()) if (!predefined) await this.#do('network.remove', { network: id });
    for (const { name } of (await this.#view()).volumes.values()) await this.#do('volume.remove', { volume: name, force: true });
    for (const { name } of view.plugins.values()) await this.#do('plugin.enable', { plugin: name });
    // What was built of others goes before them.
    for (const { id, tags, storageDriver } of [...view.images.values()].toReversed())
      if (tags.join() !== IMAGE || storageDriver !== this.shelf.storageDriver)
        await this.#do('image.remove', { image: id, force: true, prune: false });
    if ((await this.#view()).images.size === 0) await this.#load();
  }

  readonly #scenes: { readonly [T in Verb]: Scene } = {
    'image.load': async () => {
      await this.#do('image.remove', { image: IMAGE, force: true, prune: true });
      return () => this.#load();
    },
    'image.import': async () => () => this.#import('imported:1'),
    'image.commit': async () => {
      await this.#run();
      const asked = {
        container: NAME,
        reference: 'committed:1',
        message: 'of a container that runs',
        author: '',
        pause: true,
        changes: [],
      };
      return this.#ask('image.commit', asked);
    },
    'image.build': async () => {
      const body = chunks(await readFile(this.archives.context));
      const asked: CommandArgs['image.build'] = {
        dockerfile: 'Dockerfile',
        tags: ['built:1'],
        labels: {},
        buildArgs: [],
        noCache: true,
        pull: false,
        remove: true,
        forceRemove: true,
        containers: { networkMode: 'bridge', shmSizeBytes: 67_108_864, ulimits: [], resources: {}, extraHosts: [] },
      };
      return () => this.host.engine.execute('image.build', asked, this.#caller, { body });
    },
    'image.pull': async () => this.#ask('image.pull', { reference: 'pulled:latest' }),
    'image.push': async () => {
      const reference = `${this.archives.registry}/killed:1`;
      await this.#do('image.tag', { image: IMAGE, reference });
      return this.#ask('image.push', { reference });
    },
    'image.tag': async () => this.#ask('image.tag', { image: IMAGE, reference: 'tagged:1' }),
    'image.migrate': async () =>
      this.#ask('image.migrate', { image: IMAGE, storageDriver: this.shelf.storageDriver === 'vfs' ? 'overlay' : 'vfs' }),
    'image.remove': async () => this.#ask('image.remove', { image: IMAGE, force: false, prune: true }),
    'image.prune': async () => {
      const { id } = await this.#import();
      return this.#ask('image.prune', { images: [id] });
    },
    'network.create': async () => this.#ask('network.create', this.#network()),
    'network.remove': async () => {
      await this.#do('network.create', this.#network());
      return this.#ask('network.remove', { network: NETWORK });
    },
    'network.prune': async () => {
      const { id } = await this.#do('network.create', this.#network());
      return this.#ask('network.prune', { networks: [id] });
    },
    'network.connect': async () => {
      await this.#run();
      await this.#do('network.create', this.#network());
      return this.#ask('network.connect', { network: NETWORK, container: NAME, endpoint: {} });
    },
    'network.disconnect': async () => {
      await this.#run();
      await this.#do('network.create', this.#network());
      await this.#do('network.connect', { network: NETWORK, container: NAME, endpoint: {} });
      return this.#ask('network.disconnect', { network: NETWORK, container: NAME });
    },
    'volume.create': async () => this.#ask('volume.create', this.#volume()),
    'volume.remove': async () => {
      await this.#do('volume.create', this.#volume());
      return this.#ask('volume.remove', { volume: VOLUME, force: false });
    },
    // Two that go and one that stays.
    'volume.prune': async () => {
      const names = [VOLUME, 'second', 'used'];
      for (const name of names) await this.#do('volume.create', { ...this.#volume(), name });
      const mounts = [{ type: 'volume', source: 'used', target: '/www', readOnly: false }] as const;
      await this.#create({ mounts });
      return this.#ask('volume.prune', { volumes: names });
    },
    'plugin.enable': async () => {
      await this.#do('plugin.disable', { plugin: '@shiplog/log-syslog' });
      return this.#ask('plugin.enable', { plugin: '@shiplog/log-syslog' });
    },
    'plugin.disable': async () => this.#ask('plugin.disable', { plugin: '@shiplog/log-syslog' }),
    'plugin.reload': async () => this.#ask('plugin.reload', { plugin: '@shiplog/log-syslog' }),
    'container.create': async () =>
      this.#ask('container.create', {
        name: NAME,
        spec: await this.#spec({ mounts: [{ type: 'volume', source: '', target: '/data', readOnly: false }] }),
      }),
    'container.start': async () => {
      await this.#create();
      return this.#ask('container.start', { container: NAME });
    },
    // Who is on a network that a user made asks the engine for names.
    'container.start, named': async () => {
      await this.#do('network.create', this.#network());
      await this.#do('container.create', { name: NAME, spec: await this.#spec({ networkMode: NETWORK }) });
      return this.#ask('container.start', { container: NAME });
    },
    'container.stop': this.#running('container.stop', { container: NAME }),
    'container.restart': this.#running('container.restart', { container: NAME }),
    'container.kill': this.#running('container.kill', { container: NAME, signal: 'USR1' }),
    'container.pause': this.#running('container.pause', { container: NAME }),
    'container.unpause': async () => {
      await this.#run();
      await this.#do('container.pause', { container: NAME });
      return this.#ask('container.unpause', { container: NAME });
    },
    'container.rename': this.#running('container.rename', { container: NAME, name: 'other' }),
    'container.migrate': async () => {
      await this.#create();
      return this.#ask('container.migrate', { container: NAME, storageDriver: this.shelf.storageDriver === 'vfs' ? 'overlay' : 'vfs' });
    },
    'container.update': this.#running('container.update', { container: NAME, limits: { pids: 10, memoryBytes: 64 * 1024 * 1024 } }),
    'container.resize': async () => {
      await this.#run({ tty: true });
      return this.#ask('container.resize', { container: NAME, rows: 24, columns: 80 });
    },
    'container.extract': async () => {
      await this.#create();
      return this.#extract();
    },
    'container.extract, running': async () => {
      await this.#run();
      return this.#extract();
    },
    'container.archive': async () => {
      await this.#create();
      return this.#archive();
    },
    'container.archive, running': async () => {
      await this.#run();
      return this.#archive();
    },
    'container.export': async () => {
      await this.#create();
      return async () => consume(await this.host.engine.export(NAME, this.#caller, new AbortController().signal));
    },
    'container.stat': async () => {
      await this.#create();
      return () => this.host.engine.stat(NAME, '/www', this.#caller);
    },
    'container.remove': this.#running('container.remove', { container: NAME, force: true, volumes: true }),
    // The engine asks for it when a process has ended.
    'container.release': async () => {
      await this.#run();
      return async () => {
        await this.#do('container.kill', { container: NAME, signal: 'KILL' });
        await this.#until((view) => view.container(NAME).status === 'exited' && !view.container(NAME).active);
      };
    },
    'container.prune': async () => {
      const id = await this.#create();
      return this.#ask('container.prune', { containers: [id] });
    },
    'exec.create': this.#running('exec.create', { container: NAME, spec: EXEC }),
    'exec.start': async () => {
      const exec = await this.#session();
      return this.#ask('exec.start', { exec, detach: true, tty: false });
    },
    'exec.resize': async () => {
      const exec = await this.#session(true);
      await this.#do('exec.start', { exec, detach: true, tty: true });
      return this.#ask('exec.resize', { exec, rows: 24, columns: 80 });
    },
    'subject.erase': async () => {
      const actor = { scheme: 'unix', uid: this.uid, gid: this.uid, pid: process.pid } as const;
      await this.host.engine.execute('volume.create', this.#volume(), { actor });
      return this.#ask('subject.erase', { subject: await this.host.engine.subject(`uid:${this.uid}`) });
    },
    'log.seal': async () => this.#ask('log.seal', { before: (await this.#view()).seq }),
    'log.prune': async () => this.#ask('log.prune', { before: 0 }),
  };

  #do<T extends CommandType>(verb: T, args: CommandArgs[T]) {
    return this.host.engine.execute(verb, args, this.#caller);
  }

  #ask<T extends CommandType>(verb: T, args: CommandArgs[T]): () => Promise<unknown> {
    return () => this.#do(verb, args);
  }

  #running<T extends CommandType>(verb: T, args: CommandArgs[T]): Scene {
    return async () => {
      await this.#run();
      return this.#ask(verb, args);
    };
  }

  async #extract(): Promise<() => Promise<unknown>> {
    const body = chunks(await readFile(this.archives.rootfs));
    const args = { container: NAME, path: '/tmp', noOverwriteDirNonDir: true, copyOwner: false };
    return () => this.host.engine.execute('container.extract', args, this.#caller, { body });
  }

  /** Of the volume: it is mounted for that. */
  #archive(): () => Promise<unknown> {
    return async () => consume((await this.host.engine.archive(NAME, '/www', this.#caller, new AbortController().signal)).tar);
  }

  #view(): Promise<StateView> {
    return this.host.engine.view();
  }

  /** Waits for what the engine does by itself. */
  async #until(holds: (view: StateView) => boolean): Promise<void> {
    while (!holds(await this.#view())) await sleep(5);
  }

  async #load(): Promise<unknown> {
    const body = chunks(await readFile(this.archives.image));
    return this.host.engine.execute('image.load', { quiet: true }, this.#caller, { body });
  }

  async #import(reference?: string) {
    const body = chunks(await readFile(this.archives.rootfs));
    const args = { ...(reference === undefined ? {} : { reference }), message: '', changes: [], source: '-' };
    return this.host.engine.execute('image.import', args, this.#caller, { body });
  }

  /** A container's spec that touches every family of drivers: a network, a published port, a secret, a volume, limits. */
  async #spec(more: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
    const { networkDriver, volumeDriver, logDriver, runtime } = this.shelf;
    const isBridge = networkDriver === 'bridge';
    return {
      ...PLAIN_SPEC,
      image: IMAGE,
      cmd: SERVE,
      env: await this.host.engine.seal(['PASSWORD=secret']),
      networkMode: PREDEFINED.has(networkDriver) ? networkDriver : NETWORK,
      ports: isBridge ? [{ protocol: 'tcp', containerPort: 80, hostIp: '127.0.0.1', hostPort: 0 }] : [],
      mounts: [{ type: 'volume', source: VOLUME, target: '/www', readOnly: false, driver: volumeDriver }],
      resources: { pids: 100 },
      logDriver,
      runtime,
      ...more,
    };
  }

  async #create(more: Partial<ContainerSpec> = {}): Promise<string> {
    if (!PREDEFINED.has(this.shelf.networkDriver)) await this.#do('network.create', this.#network());
    return (await this.#do('container.create', { name: NAME, spec: await this.#spec(more) })).id;
  }

  async #run(more: Partial<ContainerSpec> = {}): Promise<void> {
    await this.#create(more);
    await this.#do('container.start', { container: NAME });
    const { process: started } = (await this.#view()).container(NAME);
    while (!(await takes(SIGTERM, started?.pid ?? 0))) await sleep(5);
  }

  async #session(tty = false): Promise<string> {
    await this.#run();
    return (await this.#do('exec.create', { container: NAME, spec: { ...EXEC, tty } })).id;
  }

  #network(): CommandArgs['network.create'] {
    const { networkDriver } = this.shelf;
    const driver = PREDEFINED.has(networkDriver) ? 'bridge' : networkDriver;
    const options = driver === 'cni' ? { 'cni.conflist': CONFLIST } : {};
    return { name: NETWORK, driver, subnet: this.subnet, internal: false, options: { ...options }, labels: {} };
  }

  #volume(): CommandArgs['volume.create'] {
    return { name: VOLUME, driver: this.shelf.volumeDriver, options: {}, labels: {} };
  }
}

/** Whether a process has a handler for a signal (SigCgt, proc(5)): the first process of a namespace ignores what it has none for. */
async function takes(signal: number, pid: number): Promise<boolean> {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

async function* chunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function consume(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of stream) void bytes;
}
