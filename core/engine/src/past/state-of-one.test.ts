// time limit: 300 s
import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PLAIN_SPEC } from '@shiplog/contracts/testing';
import { type Decisions, type EventLog, type MountSpec, type NewEvent, type ObjectKind, ShiplogError } from '@shiplog/contracts';
import { MemorySnapshots, openEventLog } from '@shiplog/event-log';
import { createState, evolve, findRecord, snapshotOf, type State } from '@shiplog/model';
import { SnapshotWriter } from '../snapshots/snapshot-writer.ts';
import { StateSnapshots } from '../snapshots/state-snapshots.ts';
import { stateOfOne } from './state-of-one.ts';

const test = suite('one object of the past, wherever the snapshot is');

const [C1, C2, C3, C4, C5, C6] = [
  'a'.repeat(64),
  `aab${'0'.repeat(61)}`,
  `abc${'1'.repeat(61)}`,
  `bbb${'2'.repeat(61)}`,
  `aac${'3'.repeat(61)}`,
  `cab${'4'.repeat(61)}`,
] as const;
const [I1, I2, I3, I4] = [
  `sha256:${'c'.repeat(64)}`,
  `sha256:cd${'0'.repeat(62)}`,
  `sha256:d${'1'.repeat(63)}`,
  `sha256:f${'4'.repeat(63)}`,
] as const;
const ANONYMOUS = 'e'.repeat(64);
/** A volume that somebody asks for, and that a container brings along later. */
const PRUNED = '9'.repeat(64);
/** A name that is also the beginning of an id. */
const ABC = 'abc';
const DEFAULTS = { volumeRoot: '/volumes' };

/** What is asked, of each kind: what is there, was there, comes later, or never does. */
const REFS: { readonly [Kind in ObjectKind]: readonly string[] } = {
  container: [C1, C2, C3, C4, C5, 'web', '/web', 'api', 'old', ABC, 'ab', 'a', 'aa', 'bbb2', 'c', C1.slice(0, 12), 'nobody'],
  image: [I1, I2, I3, I1.slice(7), 'c', 'cd', 'sha256:d1', 'app:1', 'app', 'app:2', `app@${I3}`, 'none:1', 'sha256:e'],
  network: ['front', 'back', 'f', 'nothing'],
  volume: ['data', 'brought', 'own', ANONYMOUS, PRUNED, 'nothing'],
};

type Kind = NewEvent['kind'];

/** A log of operations that overlap, fail, take names away and give them back. */
class Story {
  readonly events: { readonly op: string; readonly event: NewEvent }[] = [];

  requested(op: string, verb: keyof Decisions, stream: string, decided: object, tags: readonly string[] = []): void {
    this.#add(op, `${verb}.requested`, stream, 'intent', { decided, args: {}, givens: { ids: [], defaults: DEFAULTS } }, { tags });
  }

  succeeded(op: string, verb: keyof Decisions, stream: string, data: object = {}): void {
    this.#add(op, `${verb}.succeeded`, stream, 'outcome', data, { result: { status: 'ok', ms: 1 } });
  }

  failed(op: string, verb: keyof Decisions, stream: string): void {
    this.#add(op, `${verb}.failed`, stream, 'outcome', {}, { result: { status: 'failed', ms: 1 } });
  }

  observed(type: string, stream: string, data: object): void {
    this.#add('seen', type, stream, 'observed', data, {});
  }

  #add(op: string, type: string, stream: string, kind: Kind, data: object, more: object): void {
    // Only what evolve reads is there.
    this.events.push({ op, event: { stream, type, kind, data, ...more } as object as NewEvent });
  }

  create(op: string, id: string, name: string, imageId: string, volumes: readonly string[] = [], networkMode = 'default'): void {
    const mounts: readonly MountSpec[] = volumes.map((source) => ({
      type: 'volume',
      source,
      target: `/${source}`,
      readOnly: false,
      anonymous: [ANONYMOUS, PRUNED].includes(source),
    }));
    this.requested(
      op,
      'container.create',
      `container/${id}`,
      { id, name, spec: { ...PLAIN_SPEC, mounts, networkMode }, imageId, argv: ['x'] },
      [`name:${name}`],
    );
  }
}

function image(id: string, stopSignal?: string): object {
  return { id, config: stopSignal === undefined ? {} : { StopSignal: stopSignal }, layers: [], history: [], size: 1 };
}

function story(): Story {
  const all = new Story();
  const of = (id: string): string => `container/${id}`;
  all.requested('n1', 'network.create', 'network/f1', { id: `f1${'0'.repeat(62)}`, name: 'front', driver: 'bridge', subnet: '' });
  all.requested('l1', 'image.load', 'engine', { ingest: 'x' });
  all.succeeded('l1', 'image.load', 'engine', {
    images: [
      { manifest: image(I1, 'SIGINT'), tags: ['app:1'] },
      { manifest: image(I4, 'SIGUSR1'), tags: [] },
    ],
    storageDriver: 'vfs',
  });
  all.succeeded('n1', 'network.create', 'network/f1');
  all.requested('v1', 'volume.create', 'volume/own', { name: 'own', driver: 'local', anonymous: false }, ['volume:own']);
  all.create('c1', C1, 'web', I1, ['data', ANONYMOUS]);
  all.failed('v1', 'volume.create', 'volume/own');
  all.succeeded('c1', 'container.create', of(C1));
  all.requested('s1', 'container.start', of(C1), { id: C1, endpoints: [], sandbox: 'bridge' });
  all.create('c2', C2, 'api', I1, ['data', 'brought', ANONYMOUS]);
  all.succeeded('s1', 'container.start', of(C1), { process: { pid: 1, startTicks: 1, bootId: 'b' } });
  all.requested('k1', 'container.kill', of(C1), { id: C1, signal: 2 });
  all.failed('c2', 'container.create', of(C2));
  // Away and back again, but for a name that another has by then.
  all.requested('r1', 'image.remove', `image/${I1}`, { removals: [{ id: I1, untag: ['app:1'], remove: true, snapshots: [], blobs: [] }] });
  all.requested('l2', 'image.load', 'engine', { ingest: 'x' });
  all.succeeded('l2', 'image.load', 'engine', { images: [{ manifest: image(I2), tags: ['app:1', 'app:2'] }], storageDriver: 'vfs' });
  all.failed('r1', 'image.remove', `image/${I1}`);
  all.succeeded('k1', 'container.kill', of(C1));
  all.requested('t1', 'image.tag', `image/${I1}`, { id: I1, reference: 'app:2' });
  all.requested('m1', 'container.rename', of(C1), { id: C1, name: 'old', oldName: 'web' }, ['name:old']);
  all.succeeded('t1', 'image.tag', `image/${I1}`);
  all.failed('m1', 'container.rename', of(C1));
  all.requested('m2', 'container.rename', of(C1), { id: C1, name: ABC, oldName: 'web' }, [`name:${ABC}`]);
  all.succeeded('m2', 'container.rename', of(C1));
  all.create('c3', C3, 'web', I2, ['data', 'own']);
  all.succeeded('c3', 'container.create', of(C3));
  all.requested('r2', 'image.remove', `image/${I1}`, { removals: [{ id: I1, untag: ['app:2'], remove: true, snapshots: [], blobs: [] }] });
  all.observed('container.exited', of(C1), { id: C1, exitCode: 3, oomKilled: false, finishedAt: '9', source: 'monitor' });
  all.succeeded('r2', 'image.remove', `image/${I1}`);
  all.requested('x1', 'exec.create', of(C3), { id: 'f'.repeat(64), containerId: C3, spec: {} });
  all.requested('d1', 'container.remove', of(C1), { id: C1, kill: false, volumes: [ANONYMOUS] });
  all.succeeded('x1', 'exec.create', of(C3));
  all.succeeded('d1', 'container.remove', of(C1));
  all.requested('p1', 'image.pull', 'engine', { reference: 'app:3' });
  all.create('c4', C4, 'old', I2, [ANONYMOUS]);
  all.succeeded('p1', 'image.pull', 'engine', {
    images: [{ manifest: image(I3), tags: ['app:2'] }],
    storageDriver: 'vfs',
    repoDigest: `app@${I3}`,
  });
  all.succeeded('c4', 'container.create', of(C4));
  all.requested('k2', 'container.kill', of(C3), { id: C3, signal: 15 });
  all.requested('d2', 'container.prune', 'engine', { ids: [C3, C4] });
  all.succeeded('k2', 'container.kill', of(C3));
  all.succeeded('d2', 'container.prune', 'engine', { removed: [C3], reclaimedBytes: 0 });
  all.requested('d3', 'container.remove', of(C4), { id: C4, kill: false, volumes: [] });
  all.requested('v2', 'volume.remove', 'volume/own', { name: 'own' });
  all.failed('d3', 'container.remove', of(C4));
  all.succeeded('v2', 'volume.remove', 'volume/own');
  all.requested('v3', 'volume.create', `volume/${PRUNED}`, { name: PRUNED, driver: 'local', anonymous: false }, [`volume:${PRUNED}`]);
  all.requested('n3', 'network.create', 'network/f2', { id: `f2${'0'.repeat(62)}`, name: 'back', driver: 'bridge', subnet: '' });
  all.succeeded('v3', 'volume.create', `volume/${PRUNED}`);
  all.succeeded('n3', 'network.create', 'network/f2');
  all.requested('p2', 'network.prune', 'engine', { networks: [{ id: `f2${'0'.repeat(62)}`, name: 'back' }] });
  all.requested('p3', 'volume.prune', 'engine', { names: [PRUNED, 'nothing'] });
  all.create('c5', C5, 'api', I4, ['own', 'brought'], 'back');
  all.succeeded('p3', 'volume.prune', 'engine', { removed: [PRUNED], reclaimedBytes: 0 });
  all.succeeded('p2', 'network.prune', 'engine', { removed: [`f2${'0'.repeat(62)}`] });
  all.requested('n2', 'network.remove', 'network/f1', { id: `f1${'0'.repeat(62)}` });
  all.succeeded('c5', 'container.create', of(C5));
  // It has no network to go back to.
  all.requested('s5', 'container.start', of(C5), { id: C5, endpoints: [], sandbox: 'none' });
  all.failed('s5', 'container.start', of(C5));
  all.requested('k3', 'container.kill', of(C5), { id: C5, signal: 10 });
  all.succeeded('n2', 'network.remove', 'network/f1');
  all.succeeded('k3', 'container.kill', of(C5));
  all.create('c6', C6, 'late', I4, [PRUNED]);
  all.succeeded('c6', 'container.create', of(C6));
  all.requested('d4', 'container.remove', of(C6), { id: C6, kill: false, volumes: [PRUNED] });
  all.succeeded('d4', 'container.remove', of(C6));
  return all;
}

async function written({ events }: Story): Promise<EventLog> {
  const log = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
  for (const [at, { op, event }] of events.entries()) {
    const stamp = { op, corr: op, t: String(at), mono: String(at), actor: { scheme: 'system', reason: 'test' } } as const;
    await log.append({ stamp, events: [event] }).durable;
  }
  return log;
}

function answer(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    return error.toRecord();
  }
}

test('given any position for the whole snapshot, the difference to it and the question, when any object is asked for, then it is as in the whole state', async () => {
  const log = await written(story());
  const states: State[] = [];
  const folded = createState();
  for await (const event of log.read()) {
    evolve(folded, event);
    states.push(snapshotOf(folded));
  }
  let [asked, whole] = [0, 0];
  for (let base = 0; base < states.length; base += 11) {
    for (let seq = base; seq < states.length; seq += 1) {
      const snapshots = new MemorySnapshots(() => log.durableSeq);
      const writer = new SnapshotWriter(snapshots);
      for (const position of base === seq ? [base] : [base, seq]) await writer.write(states[position] ?? folded);
      for (let moment = seq; moment < states.length; moment += 1 + (seq % 5)) {
        const then = states[moment] ?? folded;
        for (const [kind, refs] of Object.entries(REFS) as [ObjectKind, readonly string[]][]) {
          for (const ref of refs) {
            // Anew each time, as each question is.
            const state = await new StateSnapshots({ snapshots, firstSeq: 0 }).from(moment, async (stored) => {
              if (stored?.header.seq !== seq) throw new Error('another snapshot');
              return stateOfOne({ log, stored, seq: moment }, kind, ref);
            });
            asked += 1;
            if (state === undefined) whole += 1;
            else
              assert.equal(
                answer(() => findRecord(state, kind, ref)),
                answer(() => findRecord(then, kind, ref)),
                `${kind} ${ref} at ${moment}, snapshots at ${base} and ${seq}`,
              );
          }
        }
      }
    }
  }
  assert.ok(whole > 0 && whole < asked / 20, `${whole} of ${asked} took the whole state`);
  await log.close();
});

test.run();
