import { type Boundary, type Engine, type EventType, type Moment, ShiplogError } from '@shiplog/contracts';
import { anEvent, HISTORY, viewAt } from './history.test.double.ts';

/** An engine of {@link HISTORY}, and what it saw. */
export interface Double {
  readonly engine: Engine;
  readonly append: (event: readonly [EventType, string, object]) => void;
  readonly followersLeft: () => number;
  /** Reads that were recorded, and how far those that followed came. */
  readonly reads: readonly object[];
  readonly ends: readonly number[];
  /** Commands and refusals. */
  readonly commands: readonly unknown[];
  /** What was refused: verbs, `none` for none. */
  readonly refusals: string[];
  /** What the log answers of its boundary. */
  readonly begin: { boundary?: Boundary };
}

export function anEngine(): Double {
  const events = HISTORY.map(anEvent);
  let wake = Promise.withResolvers<void>();
  let followers = 0;
  const reads: object[] = [];
  const ends: number[] = [];
  const commands: unknown[] = [];
  const refusals: string[] = [];
  const begin: Double['begin'] = {};
  const last = (): number => events.length - 1;
  const notUsed = (): never => {
    throw new Error('the native API has no business here');
  };
  const engine: Engine = {
    execute(type, args) {
      commands.push([type, args]);
      return Promise.resolve(args as never);
    },
    stateHash: async (at) => ({ seq: at !== undefined && 'seq' in at ? at.seq : last(), hash: 'ff' }),
    async refuse(verb, error) {
      refusals.push(verb ?? 'none');
      const refusal = ShiplogError.wrap(error);
      commands.push(['refused', refusal.code, refusal.message]);
      return refusal;
    },
    told: (error) => ShiplogError.wrap(error),
    async record(kind, ref, at) {
      const view = await engine.view(at);
      const find = {
        container: () => view.container(ref),
        image: () => view.image(ref),
        network: () => view.network(ref),
        volume: () => view.volume(ref),
      };
      return { seq: view.seq, record: find[kind]() as never };
    },
    attach: notUsed,
    attachExec: notUsed,
    wait: notUsed,
    detached: notUsed,
    logs: notUsed,
    top: notUsed,
    changes: notUsed,
    stat: notUsed,
    archive: notUsed,
    export: notUsed,
    size: notUsed,
    diskUsage: notUsed,
    login: notUsed,
    tags: notUsed,
    distribution: notUsed,
    usage: notUsed,
    save: notUsed,
    probes: notUsed,
    seal: notUsed,
    unseal: notUsed,
    revealed: notUsed,
    wholeImage: notUsed,
    async callers() {
      return (actor) => actor;
    },
    async subject(name) {
      if (name === 'uid:0') return 'f00df00df00df00d';
      throw new ShiplogError('SUBJECT_NOT_FOUND', name);
    },
    async recordRead(read, { req }) {
      reads.push({ route: req?.route, ...read });
      return { end: async (last) => void ends.push(last) };
    },
    get defaults() {
      return notUsed();
    },
    async info() {
      return {
        engineId: '0123456789ab',
        instance: 'i',
        version: '0.1.0',
        startedAt: '0',
        root: '/r',
        storageDriver: 'vfs',
        runtime: 'sim',
        logDriver: 'none',
        logOptions: {},
        drivers: [],
        warnings: [],
        log: { firstSeq: 0, sealedSeq: -1, durableSeq: last(), bytes: 0 },
      };
    },
    async view(at?: Moment) {
      if (at === undefined) return viewAt(last());
      const seq = 'seq' in at ? at.seq : events.findLastIndex((event) => BigInt(event.t) <= BigInt(at.time));
      if (seq > last() || seq < 0) throw new ShiplogError('LOG_POSITION_UNKNOWN', 'the log has no such moment');
      return viewAt(seq);
    },
    log: {
      firstSeq: 0,
      get durableSeq() {
        return last();
      },
      hold: (from = 0) => ({ next: from, advance: () => undefined, [Symbol.dispose]: () => undefined }),
      lastTagged: notUsed,
      streamsBegun: notUsed,
      async *read({ from = 0, to = last() } = {}) {
        yield* events.slice(from, to + 1);
      },
      boundary: async () => begin.boundary,
      readBytes: notUsed,
      get tree() {
        return notUsed();
      },
      async *readStream() {
        yield* [];
      },
      async *follow({ from = 0, signal }) {
        followers += 1;
        signal?.addEventListener('abort', () => wake.resolve());
        try {
          for (let at = from; signal?.aborted !== true;) {
            const event = events[at];
            if (event === undefined) await wake.promise;
            else {
              yield event;
              at += 1;
            }
          }
        } finally {
          followers -= 1;
        }
      },
      async *followBatches(options) {
        for await (const event of this.follow(options)) yield [event];
      },
      async positionAt(time) {
        return events.findLastIndex((event) => BigInt(event.t) <= time);
      },
      async verify({ incremental = false, progress } = {}) {
        progress?.(5, events.length);
        return { from: incremental ? 3 : 0, events: events.length, head: 'ff', damage: [] };
      },
    },
  };
  return {
    engine,
    append(event) {
      events.push(anEvent(event, events.length));
      wake.resolve();
      wake = Promise.withResolvers<void>();
    },
    followersLeft: () => followers,
    reads,
    ends,
    commands,
    refusals,
    begin,
  };
}
