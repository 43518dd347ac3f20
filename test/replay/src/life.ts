import { PLAIN_EXEC, PLAIN_SPEC } from '@shiplog/contracts/testing';
import {
  type CommandArgs,
  type CommandType,
  type ContainerSpec,
  type Digest,
  type IngestedImage,
  ShiplogError,
  type ShiplogEvent,
} from '@shiplog/contracts';
import { CALLER, type Mode, Stage } from './stage.ts';

/** Made of digits that are repeated. */
const digest = (digits: string): Digest => `sha256:${digits.repeat(64 / digits.length)}`;

/** An image of one layer. Letters stand for digests. */
function image(id: string, layer: string, tag: string): IngestedImage {
  const [diffId, blob] = [digest(layer), digest(layer)];
  return {
    manifest: {
      id: digest(id),
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
      layers: [{ diffId, chainId: diffId, digest: blob, mediaType: 'application/vnd.oci.image.layer.v1.tar', size: 1024 }],
      history: [],
      size: 1024,
    },
    tags: [tag],
  };
}

const spec = (more: Partial<ContainerSpec> = {}): ContainerSpec => ({ ...PLAIN_SPEC, image: 'base', ...more });

/** How a verb is tried: what it is asked for on a fresh subject, and with what it is refused. */
interface Trial<T extends CommandType> {
  readonly prepare: (name: string) => Promise<CommandArgs[T]>;
  readonly refused: CommandArgs[T];
  readonly modes: readonly Mode[];
}

const ALL: readonly Mode[] = ['ok', 'fail', 'cancel', 'crash'];
/** Of verbs for which no driver does anything. */
const ONLY_OK: readonly Mode[] = ['ok'];

/**
 * The life of an engine in which every verb succeeds, fails, is canceled, is refused and is cut off by the engine's death, processes
 * end in every way, and the host comes up anew. The same events each time.
 */
export async function life(): Promise<readonly ShiplogEvent[]> {
  const stage = new Stage();
  await stage.start();
  stage.images = [image('a', 'b', 'base:latest')];
  const done = async <T extends CommandType>(type: T, args: CommandArgs[T]): Promise<void> => {
    const code = await stage.command(type, args);
    if (code !== undefined) throw new Error(`${type} ${JSON.stringify(args)}: ${code}`);
  };
  await done('image.load', { quiet: true });

  const created = async (name: string, more: Partial<ContainerSpec> = {}): Promise<string> => {
    await done('container.create', { name, spec: spec(more) });
    return name;
  };
  const running = async (name: string, more: Partial<ContainerSpec> = {}): Promise<string> => {
    await created(name, more);
    await done('container.start', { container: name });
    return name;
  };
  const id = (name: string): string => idOf(stage.events, name);
  const exited = async (name: string): Promise<string> => {
    await running(name);
    stage.host.exit(id(name), 3);
    await stage.wait(100);
    return name;
  };
  const exec = async (name: string): Promise<string> => {
    await running(name);
    await done('exec.create', { container: name, spec: PLAIN_EXEC });
    return lastExec(stage.events);
  };
  let letters = 0;
  const loaded = async (...tags: readonly string[]): Promise<Digest> => {
    letters += 1;
    const [config, layer] = [letters * 2, letters * 2 + 1].map((number) => digest(number.toString(16).padStart(2, '0'))) as [
      Digest,
      Digest,
    ];
    const { manifest } = image('0', '1', '');
    const layers = manifest.layers.map((one) => ({ ...one, diffId: layer, chainId: layer, digest: layer }));
    stage.images = [{ manifest: { ...manifest, id: config, layers }, tags }];
    await done('image.load', { quiet: true });
    return config;
  };
  const unknown = 'nobody';
  const network = (name: string, subnet?: string): CommandArgs['network.create'] => ({
    name,
    driver: 'bridge',
    internal: false,
    options: {},
    labels: { by: 'golden' },
    ...(subnet === undefined ? {} : { subnet }),
  });
  const build = (tags: readonly string[]): CommandArgs['image.build'] => ({
    dockerfile: 'Dockerfile',
    tags,
    labels: { by: 'golden' },
    buildArgs: ['VERSION'],
    noCache: false,
    pull: false,
    remove: true,
    forceRemove: false,
    containers: { networkMode: 'bridge', shmSizeBytes: 67_108_864, ulimits: [], resources: {}, extraHosts: [] },
  });
  const volume = (name: string): CommandArgs['volume.create'] => ({ name, driver: 'local', options: {}, labels: {} });

  const trials: { readonly [T in CommandType]: Trial<T> } = {
    'image.load': {
      prepare: async (name) => {
        stage.images = [image('c', 'd', `${name}:1`)];
        return { quiet: true };
      },
      refused: { quiet: true },
      modes: ALL,
    },
    'image.import': {
      prepare: async (name) => {
        stage.images = [image('e', 'f', `${name}:1`)];
        return { reference: `${name}:1`, message: 'golden', changes: [], source: '-' };
      },
      refused: { reference: 'NO:NO:NO', message: '', changes: [], source: '-' },
      modes: ALL,
    },
    'image.commit': {
      prepare: async (name) => {
        await running(name);
        stage.images = [image('6', '7', `${name}:1`)];
        return { container: name, reference: `${name}:1`, message: 'golden', author: 'golden', pause: true, changes: [] };
      },
      refused: { container: unknown, message: '', author: '', pause: false, changes: [] },
      modes: ALL,
    },
    'image.build': {
      prepare: async (name) => build([`${name}:1`]),
      refused: build(['NO:NO:NO']),
      modes: ALL,
    },
    'image.pull': {
      prepare: async (name) => {
        stage.images = [image('8', '9', `${name}:1`)];
        return { reference: `${name}:1` };
      },
      refused: { reference: 'NO:NO:NO' },
      modes: ALL,
    },
    'image.push': {
      prepare: async (name) => {
        await loaded(`${name}:1`);
        return { reference: `${name}:1` };
      },
      refused: { reference: 'nobody:1' },
      modes: ALL,
    },
    'image.migrate': {
      prepare: async (name) => ({ image: await loaded(`${name}:1`), storageDriver: 'other' }),
      refused: { image: unknown, storageDriver: 'other' },
      modes: ALL,
    },
    'image.tag': {
      prepare: async (name) => ({ image: 'base', reference: `${name}:2` }),
      refused: { image: unknown, reference: 'x:1' },
      modes: ONLY_OK,
    },
    'image.remove': {
      prepare: async (name) => ({ image: await loaded(`${name}:1`), force: false, prune: true }),
      refused: { image: unknown, force: false, prune: true },
      modes: ALL,
    },
    'image.prune': {
      prepare: async () => ({ images: [await loaded()] }),
      refused: { images: [unknown] },
      modes: ALL,
    },
    'network.create': {
      prepare: async (name) => network(name),
      refused: network('bridge'),
      modes: ALL,
    },
    'network.remove': {
      prepare: async (name) => {
        await done('network.create', network(name));
        return { network: name };
      },
      refused: { network: 'bridge' },
      modes: ALL,
    },
    'network.prune': {
      prepare: async (name) => {
        await done('network.create', network(name));
        return { networks: [networkId(stage.events, name)] };
      },
      refused: { networks: [unknown] },
      modes: ALL,
    },
    'network.connect': {
      prepare: async (name) => {
        await done('network.create', network(name));
        return { network: name, container: await running(name), endpoint: { aliases: ['also'] } };
      },
      refused: { network: unknown, container: unknown, endpoint: {} },
      modes: ALL,
    },
    'network.disconnect': {
      prepare: async (name) => ({ network: 'bridge', container: await running(name) }),
      refused: { network: unknown, container: unknown },
      modes: ALL,
    },
    'volume.create': { prepare: async (name) => volume(name), refused: volume('/'), modes: ALL },
    'volume.remove': {
      prepare: async (name) => {
        await done('volume.create', volume(name));
        return { volume: name, force: false };
      },
      refused: { volume: unknown, force: false },
      modes: ALL,
    },
    'volume.prune': {
      prepare: async (name) => {
        await done('volume.create', volume(name));
        return { volumes: [name] };
      },
      refused: { volumes: [unknown] },
      modes: ALL,
    },
    // All simulated drivers are of one plugin, which the engine cannot do without.
    'plugin.enable': { prepare: async () => ({ plugin: 'sim' }), refused: { plugin: unknown }, modes: ONLY_OK },
    'plugin.disable': { prepare: async () => ({ plugin: 'sim' }), refused: { plugin: 'sim' }, modes: [] },
    'plugin.reload': { prepare: async () => ({ plugin: 'sim' }), refused: { plugin: unknown }, modes: ONLY_OK },
    'container.create': {
      prepare: async (name) => ({ name, spec: spec({ mounts: [{ type: 'volume', source: '', target: '/data', readOnly: false }] }) }),
      refused: { name: '/', spec: spec() },
      modes: ALL,
    },
    'container.start': {
      prepare: async (name) => ({
        container: await created(name, {
          ports: [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 0 }],
          publishAllPorts: false,
        }),
      }),
      refused: { container: unknown },
      modes: ALL,
    },
    'container.stop': { prepare: async (name) => ({ container: await running(name) }), refused: { container: unknown }, modes: ALL },
    'container.restart': { prepare: async (name) => ({ container: await running(name) }), refused: { container: unknown }, modes: ALL },
    'container.kill': {
      prepare: async (name) => ({ container: await running(name), signal: 'HUP' }),
      refused: { container: unknown, signal: 'KILL' },
      modes: ALL,
    },
    'container.pause': { prepare: async (name) => ({ container: await running(name) }), refused: { container: unknown }, modes: ALL },
    'container.unpause': {
      prepare: async (name) => {
        await running(name);
        await done('container.pause', { container: name });
        return { container: name };
      },
      refused: { container: unknown },
      modes: ALL,
    },
    'container.rename': {
      prepare: async (name) => ({ container: await created(name), name: `${name}-renamed` }),
      refused: { container: unknown, name: 'x1' },
      modes: ONLY_OK,
    },
    'container.migrate': {
      prepare: async (name) => ({ container: await created(name), storageDriver: 'other' }),
      refused: { container: unknown, storageDriver: 'other' },
      modes: ALL,
    },
    'container.update': {
      prepare: async (name) => ({ container: await running(name), limits: { pids: 10 }, restart: { policy: 'always', maxRetries: 0 } }),
      refused: { container: unknown, limits: {} },
      modes: ALL,
    },
    'container.resize': {
      prepare: async (name) => ({ container: await running(name, { tty: true }), rows: 24, columns: 80 }),
      refused: { container: unknown, rows: 1, columns: 1 },
      modes: ALL,
    },
    'container.extract': {
      prepare: async (name) => ({ container: await created(name), path: '/etc', noOverwriteDirNonDir: true, copyOwner: false }),
      refused: { container: unknown, path: '/etc', noOverwriteDirNonDir: false, copyOwner: false },
      modes: ALL,
    },
    'container.stat': {
      prepare: async (name) => ({ container: await created(name), path: '/etc' }),
      refused: { container: unknown, path: '/etc' },
      modes: ALL,
    },
    'container.archive': {
      prepare: async (name) => ({ container: await created(name), path: '/etc' }),
      refused: { container: unknown, path: '' },
      modes: ALL,
    },
    'container.export': {
      prepare: async (name) => ({ container: await created(name) }),
      refused: { container: unknown },
      modes: ALL,
    },
    'container.remove': {
      prepare: async (name) => ({ container: await running(name), force: true, volumes: true }),
      refused: { container: unknown, force: false, volumes: false },
      modes: ALL,
    },
    // Done before anybody can go away, by the vault, which no operation is told.
    'subject.erase': { prepare: async () => ({ subject: '0123456789abcdef' }), refused: { subject: 'alice' }, modes: ['ok', 'crash'] },
    // A log in memory does both at once, and nobody can come in between.
    'log.seal': { prepare: async () => ({ before: 1 }), refused: { before: -1 }, modes: ONLY_OK },
    'log.prune': { prepare: async () => ({ before: 0 }), refused: { before: -1 }, modes: ONLY_OK },
    // The engine asks for it after an exit; what others ask comes too late, or too early.
    'container.release': { prepare: async (name) => ({ container: await exited(name) }), refused: { container: unknown }, modes: ONLY_OK },
    'container.prune': {
      prepare: async (name) => ({ containers: [id(await exited(name))] }),
      refused: { containers: [unknown] },
      modes: ALL,
    },
    'exec.create': {
      prepare: async (name) => ({ container: await running(name), spec: PLAIN_EXEC }),
      refused: { container: unknown, spec: PLAIN_EXEC },
      modes: ONLY_OK,
    },
    'exec.start': {
      prepare: async (name) => ({ exec: await exec(name), detach: true, tty: false }),
      refused: { exec: unknown, detach: true, tty: false },
      modes: ALL,
    },
    'exec.resize': {
      prepare: async (name) => {
        const session = await exec(name);
        await done('exec.start', { exec: session, detach: true, tty: true });
        return { exec: session, rows: 24, columns: 80 };
      },
      refused: { exec: unknown, rows: 1, columns: 1 },
      modes: ALL,
    },
  };
  for (const [verb, trial] of Object.entries(trials) as [CommandType, Trial<CommandType>][]) {
    for (const mode of trial.modes) {
      const args = await trial.prepare(`${verb.replace('.', '-')}-${mode}`);
      await stage.command(verb, args, mode);
      await stage.wait(1000);
    }
    await stage.command(verb, trial.refused);
    // A request that nobody could read.
    await stage.drive(stage.engine.refuse(verb, new ShiplogError('REQUEST_INVALID', 'invalid character in the body'), CALLER));
  }

  // Prunes of which a driver removes some, and of which some are used.
  for (const name of ['stays', 'goes', 'used']) {
    await done('network.create', network(name));
    await done('volume.create', volume(name));
  }
  await created('user', { networkMode: 'used', mounts: [{ type: 'volume', source: 'used', target: '/data', readOnly: false }] });
  const networks = ['stays', 'goes', 'used'].map((name) => networkId(stage.events, name));
  await stage.command('network.prune', { networks }, 'fail');
  await stage.command('volume.prune', { volumes: ['stays', 'goes', 'used'] }, 'fail');

  // Processes that end by themselves, of memory, with what they ran, and with the host.
  await running('oom', { autoRemove: true });
  stage.host.exit(id('oom'), 137, true);
  await stage.wait(500);
  await done('exec.start', { exec: await exec('with-exec'), detach: true, tty: false });
  stage.host.exitExec(id('with-exec'), lastExec(stage.events), 4);
  await stage.wait(500);
  await running('unseen');
  stage.host.exit(id('unseen'), 5);
  await stage.restart();
  await running('until-reboot');
  await stage.restart('boot-2');
  // Two that want one port, and one that wants a name that is taken, side by side.
  const ports = [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 8080 }] as const;
  await created('one', { ports });
  await created('two', { ports });
  await stage.drive(
    Promise.allSettled([
      stage.engine.execute('container.start', { container: 'one' }, CALLER),
      stage.engine.execute('container.start', { container: 'two' }, CALLER),
      stage.engine.execute('container.create', { name: 'one', spec: spec() }, { ...CALLER, idem: 'key-1' }),
    ]),
  );
  stage.host.things.add('net/sandbox/nobody');
  await stage.restart();
  await stage.drive(stage.engine.stop('SIGTERM'));
  return stage.events;
}

/** The id of the container that was made last under a name. */
function idOf(events: readonly ShiplogEvent[], name: string): string {
  for (const event of events.toReversed())
    if (event.type === 'container.create.requested' && event.data.decided?.name === name) return event.data.decided.id;
  throw new Error(`no container ${name}`);
}

function networkId(events: readonly ShiplogEvent[], name: string): string {
  for (const event of events.toReversed())
    if (event.type === 'network.create.requested' && event.data.decided?.name === name) return event.data.decided.id;
  throw new Error(`no network ${name}`);
}

function lastExec(events: readonly ShiplogEvent[]): string {
  const made = events.findLast((event) => event.type === 'exec.create.requested' && event.data.decided !== null);
  if (made?.type !== 'exec.create.requested' || made.data.decided === null) throw new Error('no exec session');
  return made.data.decided.id;
}
