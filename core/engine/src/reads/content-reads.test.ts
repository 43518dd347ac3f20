import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type IoChannel, type RegistryAuth, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('what passes between callers and processes');

const ALL = { stdin: true, stdout: true, stderr: true } as const;

/** `runtime`: verbs of the runtime in place of what a simulated one does. */
async function withContainer(
  run: (engine: RunningEngine, id: string, world: SimWorld) => Promise<void>,
  runtime: object = {},
): Promise<void> {
  const world = new SimWorld();
  const engine = await simEngine(world, new SimDisk(), withStdio(world.drivers(), runtime));
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await run(engine, id, world);
  await engine.stop('test');
}

/** Processes print nothing and take what is written; a registry takes the password `right`, and repeats any other. */
function withStdio(drivers: Drivers, runtime: object): Drivers {
  const channel: IoChannel = {
    output: (async function* () {})(),
    write: async () => undefined,
    endInput: () => undefined,
    close: () => undefined,
  };
  const login = async ({ auth }: { readonly auth: RegistryAuth }): Promise<object> => {
    if (auth.password !== 'right') throw new ShiplogError('REGISTRY_DENIED', `access denied with ${auth.password}`);
    return {};
  };
  const resolve = async ({ reference, auth }: { readonly reference: string; readonly auth: RegistryAuth }): Promise<object> => {
    if (reference.includes('/none:')) return {};
    await login({ auth });
    return { descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 7 } };
  };
  const instead: { readonly [kind: string]: object } = {
    runtime: { attach: async () => channel, top: async () => ({ titles: [], processes: [] }), ...runtime },
    'image-source': { login, resolve },
  };
  return {
    ...drivers,
    list: () => drivers.list(),
    get: (kind, name) => Object.assign(Object.create(drivers.get(kind, name)), instead[kind]),
  };
}

/** What was recorded of content, oldest first. */
async function taken(engine: RunningEngine): Promise<readonly ShiplogEvent[]> {
  return (await eventsOf(engine)).filter(
    ({ type }) => type.startsWith('content.') || type === 'request.refused' || type.startsWith('registry.'),
  );
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return error instanceof Error && 'code' in error ? String(error.code) : 'none';
}

test('given a container that was made, when somebody attaches and it starts, then that is one record, before the start', async () => {
  await withContainer(async (engine, id) => {
    const channel = await engine.attach('web', { ...ALL, stdin: false }, CALLER);
    await engine.execute('container.start', { container: id }, CALLER);
    const [attached, ...more] = await taken(engine);
    assert.is(more.length, 0);
    assert.equal(attached?.data, { verb: 'container.attach', ref: 'web', streams: ['stdout', 'stderr'] });
    assert.equal([attached?.stream, attached?.actor.scheme, attached?.kind], [`container/${id}`, 'sealed', 'meta']);
    const started = (await eventsOf(engine)).find(({ type }) => type === 'container.start.requested');
    assert.ok((attached?.seq ?? Infinity) < (started?.seq ?? 0));
    channel.close();
  });
});

test('given a container whose process is there and is being let run, when somebody attaches, then they are served', async () => {
  const starts = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  const start = async (): Promise<object> => {
    starts.resolve();
    await goesOn.promise;
    return {};
  };
  await withContainer(
    async (engine, id) => {
      const starting = engine.execute('container.start', { container: id }, CALLER);
      await starts.promise;
      const channel = await engine.attach(id, ALL, CALLER);
      goesOn.resolve();
      await starting;
      await channel.write(Buffer.from('x'));
      for await (const _ of channel.output) assert.unreachable('it prints nothing');
      channel.close();
    },
    { start },
  );
});

test('given one that runs, when it is attached to, its output and its processes are read, then each is one record, durable before it is answered', async () => {
  await withContainer(async (engine, id) => {
    await engine.execute('container.start', { container: id }, CALLER);
    const channel = await engine.attach(id, ALL, CALLER);
    await channel.write(Buffer.from('x'));
    const verbs = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const { type, data } of engine.log.read({ types: ['content.read'] }))
        found.push(`${type} ${(data as { verb: string }).verb}`);
      return found;
    };
    assert.equal(await verbs(), ['content.read container.attach']);
    channel.close();
    await engine.logs('web', { stdout: true, stderr: false, follow: false }, CALLER);
    await engine.top('web', '-ef', CALLER);
    assert.equal(await verbs(), ['content.read container.attach', 'content.read container.logs', 'content.read container.top']);
    assert.equal(
      (await taken(engine)).map(({ data }) => (data as { streams?: readonly string[] }).streams),
      [['stdin', 'stdout', 'stderr'], ['stdout'], undefined],
    );
  });
});

test('given what cannot be attached to or read, when it is asked for, then it is recorded why', async () => {
  await withContainer(async (engine, id) => {
    assert.is(await codeOf(engine.attach('nobody', ALL, CALLER)), 'CONTAINER_NOT_FOUND');
    assert.is(await codeOf(engine.logs('nobody', { ...ALL, follow: false }, CALLER)), 'CONTAINER_NOT_FOUND');
    assert.is(await codeOf(engine.top('web', '', CALLER)), 'CONTAINER_NOT_RUNNING');
    await engine.execute('container.start', { container: id }, CALLER);
    await engine.execute('container.pause', { container: id }, CALLER);
    assert.is(await codeOf(engine.attach('web', ALL, CALLER)), 'CONTAINER_PAUSED');
    assert.equal(
      (await taken(engine)).map(({ type, stream, data, result }) => [
        type,
        stream === 'engine' ? stream : 'container',
        (data as { verb: string }).verb,
        result?.status,
        result?.error?.code,
      ]),
      [
        ['request.refused', 'engine', 'container.attach', 'refused', 'CONTAINER_NOT_FOUND'],
        ['request.refused', 'engine', 'container.logs', 'refused', 'CONTAINER_NOT_FOUND'],
        ['content.read', 'container', 'container.top', 'failed', 'CONTAINER_NOT_RUNNING'],
        ['content.read', 'container', 'container.attach', 'failed', 'CONTAINER_PAUSED'],
      ],
    );
  });
});

test('given requests with an idempotency key, when they are reads, logins or cannot be read, then asking again asks again, and the key stays free for a command', async () => {
  await withContainer(async (engine, id) => {
    const caller = { ...CALLER, idem: 'again' };
    for (let times = 0; times < 2; times += 1) {
      await engine.logs('web', { ...ALL, follow: false }, caller);
      await engine.login('registry.example', { username: 'alice', password: 'right' }, caller);
      await (await engine.recordRead({ from: 0, to: 0, follow: false, past: true }, caller)).end(0);
      const refusal = await engine.refuse('container.start', new ShiplogError('REQUEST_INVALID', 'not JSON'), caller);
      assert.is(refusal.code, 'REQUEST_INVALID');
    }
    assert.is((await taken(engine)).length, 4);
    await engine.execute('container.start', { container: id }, caller);
    await engine.execute('container.start', { container: id }, caller);
    const starts = (await eventsOf(engine)).filter(({ type }) => type === 'container.start.succeeded');
    assert.is(starts.length, 1);
  });
});

test('given somebody who was attached, when they leave by their keys, then that is recorded, and not of what is gone', async () => {
  await withContainer(async (engine, id) => {
    await engine.detached({ container: id }, CALLER);
    await engine.detached({ exec: 'nothing' }, CALLER);
    await engine.detached({ container: 'nothing' }, CALLER);
    assert.equal(
      (await taken(engine)).map(({ type, stream, data }) => [type, stream, data]),
      [['content.detached', `container/${id}`, {}]],
    );
  });
});

test('given a login, when the registry takes it or does not, then it is recorded who, where, as whom and what came of it, and no secret', async () => {
  await withContainer(async (engine) => {
    await engine.login('registry.example', { username: 'alice', password: 'right' }, CALLER);
    assert.is(await codeOf(engine.login('registry.example', { username: 'bob', password: 'hunter2-hunter2' }, CALLER)), 'REGISTRY_DENIED');
    await engine.login('registry.example', { identityToken: 'hunter2-token', password: 'right' }, CALLER);
    assert.equal(
      (await taken(engine)).map(({ stream, kind, actor, data, result }) => [
        stream,
        kind,
        actor.scheme,
        data,
        result?.status,
        result?.error?.code,
      ]),
      [
        ['engine', 'meta', 'sealed', { registry: 'registry.example', username: 'alice' }, 'ok', undefined],
        ['engine', 'meta', 'sealed', { registry: 'registry.example', username: 'bob' }, 'refused', 'REGISTRY_DENIED'],
        ['engine', 'meta', 'sealed', { registry: 'registry.example' }, 'ok', undefined],
      ],
    );
    assert.not.match(JSON.stringify(await eventsOf(engine)), 'hunter2');
  });
});

test('given a reference, when it is asked what it stands for, then it is recorded who asked what, and what came of it, and no secret', async () => {
  await withContainer(async (engine) => {
    const { descriptor, platforms } = await engine.distribution('r:5000/app', { username: 'alice', password: 'right' }, CALLER);
    assert.equal([descriptor.size, platforms], [7, []]);
    assert.is(await codeOf(engine.distribution('r:5000/app@sha256:' + '1'.repeat(64), { password: 'right' }, CALLER)), 'DIGEST_MISMATCH');
    assert.is(await codeOf(engine.distribution('r:5000/app:1', { password: 'hunter2-hunter2' }, CALLER)), 'REGISTRY_DENIED');
    assert.is(await codeOf(engine.distribution('none', {}, CALLER)), 'IMAGE_NOT_FOUND');
    assert.equal(
      (await taken(engine)).map(({ stream, type, actor, data, result }) => [
        stream,
        type,
        actor.scheme,
        data,
        result?.status,
        result?.error?.code,
      ]),
      [
        ['engine', 'registry.inspect', 'sealed', { registry: 'r:5000', ref: 'r:5000/app' }, 'ok', undefined],
        [
          'engine',
          'registry.inspect',
          'sealed',
          { registry: 'r:5000', ref: `r:5000/app@sha256:${'1'.repeat(64)}` },
          'failed',
          'DIGEST_MISMATCH',
        ],
        ['engine', 'registry.inspect', 'sealed', { registry: 'r:5000', ref: 'r:5000/app:1' }, 'refused', 'REGISTRY_DENIED'],
        ['engine', 'registry.inspect', 'sealed', { registry: 'docker.io', ref: 'none' }, 'failed', 'IMAGE_NOT_FOUND'],
      ],
    );
    assert.not.match(JSON.stringify(await eventsOf(engine)), 'hunter2');
  });
});

test.run();
