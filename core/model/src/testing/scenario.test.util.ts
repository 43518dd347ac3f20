import { PLAIN_EXEC, PLAIN_SPEC } from '@shiplog/contracts/testing';
import * as assert from 'uvu/assert';
import {
  type Actor,
  type Command,
  type CommandArgs,
  type CommandOf,
  type CommandType,
  type ContainerSpec,
  type Decisions,
  type Digest,
  type ErrorCode,
  type ErrorRecord,
  type ExecSpec,
  type Givens,
  type ImageManifest,
  type LayerRecord,
  type NewEvent,
  type Outcomes,
  type ResultStatus,
  type ShiplogEvent,
  ShiplogError,
} from '@shiplog/contracts';
import { type Accepted, decide } from '../decide.ts';
import { evolve } from '../evolve.ts';
import { givensNeeded } from '../givens-needed.ts';
import { failed, succeeded } from '../outcome.ts';
import { leasesOf } from '../network/leases-of.ts';
import { createState, type State } from '../state.ts';

/** 64 hex digits that start with the number. */
export function idOf(number: number): string {
  return number.toString(16).padStart(8, '0').padEnd(64, '0');
}

export function digestOf(name: string): Digest {
  return `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}`;
}

const DEFAULTS: Givens['defaults'] = {
  storageDriver: 'vfs',
  runtime: 'runc',
  logDriver: 'json-file',
  logRoot: '/root/containers',
  stopTimeoutSeconds: 10,
  volumeRoot: '/root/volumes',
};

const SPEC: ContainerSpec = { ...PLAIN_SPEC, logDriver: '' };

export function specOf(fields: Partial<ContainerSpec> = {}): ContainerSpec {
  return { ...SPEC, ...fields };
}

export const EXEC: ExecSpec = { ...PLAIN_EXEC, command: ['ls'] };

/** An image with one layer per name; equal first names are shared layers. */
export function imageOf(name: string, layers: readonly string[], config: ImageManifest['config'] = { Cmd: ['sh'] }): ImageManifest {
  const records = layers.map((layer, index): LayerRecord => {
    const chain = layers.slice(0, index + 1).join('+');
    return { diffId: digestOf(`d${layer}`), chainId: digestOf(`c${chain}`), digest: digestOf(`b${layer}`), mediaType: 'tar', size: 1 };
  });
  return { id: digestOf(name), architecture: 'amd64', os: 'linux', created: '', config, layers: records, history: [], size: layers.length };
}

/** An engine without drivers: decides, invents plausible outcomes, folds. Everything it folded is in `events`. */
export class World {
  readonly state: State = createState();
  readonly events: ShiplogEvent[] = [];
  actor: Actor = { scheme: 'unix', uid: 0, gid: 0, pid: 1 };
  private readonly revisions = new Map<string, number>();
  private ops = 0;
  private ids = 0;

  nextId(): string {
    return idOf(++this.ids);
  }

  command<T extends CommandType>(type: T, args: CommandArgs[T], givens: Partial<Givens> = {}): Command {
    const base: CommandOf<T> = { type, args, at: '0', givens: { ids: [], defaults: DEFAULTS } };
    const needed = givensNeeded(this.state, base as Command);
    const ids = Array.from({ length: needed.ids }, () => this.nextId());
    const freePorts = Array.from({ length: needed.ports }, (_, index) => 49_153 + index);
    return { ...base, givens: { ids, freePorts, defaults: DEFAULTS, ...givens } } as Command;
  }

  append(op: string, ...events: readonly NewEvent[]): void {
    for (const event of events) {
      const seq = this.events.length;
      const rev = (this.revisions.get(event.stream) ?? -1) + 1;
      this.revisions.set(event.stream, rev);
      const place = { v: 1, seq, id: `e${seq}`, rev, op, corr: op, t: `${1000 + seq}`, mono: '0', boot: 'b', inst: 'i', actor: this.actor };
      const stored = JSON.parse(JSON.stringify({ sv: 1, ...event, ...place })) as ShiplogEvent;
      this.events.push(stored);
      evolve(this.state, stored);
    }
  }

  /** Decides and appends the intent, refused commands with their outcome. */
  begin(command: Command): { readonly op: string; readonly decision: ReturnType<typeof decide> } {
    const op = `op${++this.ops}`;
    const decision = decide(this.state, command);
    this.append(op, decision.intent);
    if (!decision.ok) this.append(op, failed(command.type, decision.stream, { status: 'refused', ms: 0, error: decision.refusal }));
    return { op, decision };
  }

  succeed(op: string, decision: Accepted, data?: object): void {
    const verb = verbOf(decision.intent);
    this.append(op, succeeded(verb, decision.stream, { ...this.outcome(decision.intent), ...data } as Outcomes[typeof verb], ok));
  }

  fail(op: string, decision: Accepted, code: ErrorCode = 'DRIVER_FAILED', status: ResultStatus = 'failed'): void {
    this.append(op, failed(verbOf(decision.intent), decision.stream, { status, ms: 1, error: { code, message: `it failed: ${code}` } }));
  }

  /** Carries a command out; throws if it is refused. */
  run<T extends CommandType>(
    type: T,
    args: CommandArgs[T],
    more: { readonly givens?: Partial<Givens>; readonly data?: object } = {},
  ): NonNullable<Decisions[T]> {
    const { op, decision } = this.begin(this.command(type, args, more.givens));
    if (!decision.ok) throw ShiplogError.from(decision.refusal);
    this.succeed(op, decision, more.data);
    return decidedOf<T>(decision.intent);
  }

  exited(id: string, exitCode = 0, source: 'monitor' | 'recovery' = 'monitor'): void {
    const data = { id, exitCode, oomKilled: false, finishedAt: '77', source };
    this.append(`exit${this.events.length}`, { stream: `container/${id}`, type: 'container.exited', kind: 'observed', data });
  }

  private outcome(intent: NewEvent): object {
    switch (intent.type) {
      case 'container.create.requested':
        return { warnings: [] };
      case 'container.start.requested':
      case 'container.restart.requested':
      case 'exec.start.requested':
        return { process: { pid: 100 + this.events.length, startTicks: 1, bootId: 'b' } };
      case 'container.stop.requested':
        return { exitCode: 143 };
      case 'container.prune.requested':
        return { removed: intent.data.decided?.ids ?? [], reclaimedBytes: 0 };
      case 'image.prune.requested':
        return { reclaimedBytes: 0 };
      case 'network.prune.requested':
        return { removed: intent.data.decided?.networks.map(({ id }) => id) ?? [] };
      case 'volume.prune.requested':
        return { removed: intent.data.decided?.names ?? [], reclaimedBytes: 0 };
      case 'image.load.requested':
      case 'image.import.requested':
      case 'image.commit.requested':
        return { images: [], storageDriver: 'vfs' };
      case 'image.build.requested':
        return { image: `sha256:${'0'.repeat(64)}`, dockerfile: '', context: '' };
      case 'image.push.requested':
        return { source: 'registry', repoDigest: '', size: 0 };
      case 'image.pull.requested':
        return { images: [], storageDriver: 'vfs', source: 'directory', repoDigest: '', isNew: true };
      default:
        return {};
    }
  }
}

const ok = { status: 'ok', ms: 1 } as const;

function verbOf(intent: NewEvent): CommandType {
  return intent.type.slice(0, -'.requested'.length) as CommandType;
}

export function decidedOf<T extends CommandType>(intent: NewEvent): NonNullable<Decisions[T]> {
  const { decided } = intent.data as { readonly decided: NonNullable<Decisions[T]> | null };
  if (decided === null) throw new Error(`${intent.type} decided nothing`);
  return decided;
}

/** One thing that happened before. */
export type Step = (world: World) => unknown;

/** Networks bridge, host and none, and the image busybox. */
export const installed: Step = (world) => {
  for (const name of ['bridge', 'host', 'none']) {
    world.run('network.create', { name, driver: name, internal: false, options: {}, labels: {}, predefined: true });
  }
  load('busybox:latest', imageOf('busybox', ['base']))(world);
};

export function load(tag: string, manifest: ImageManifest): Step {
  const tags = tag === '' ? [] : [tag];
  return (world) => world.run('image.load', { quiet: true }, { data: { images: [{ manifest, tags }], storageDriver: 'vfs' } });
}

export function created(name: string, fields: Partial<ContainerSpec> = {}): Step {
  return (world) => world.run('container.create', { name, spec: specOf(fields) });
}

export function running(name: string, fields: Partial<ContainerSpec> = {}): Step {
  return (world) => {
    created(name, fields)(world);
    world.run('container.start', { container: name });
  };
}

/** It has exited and is released. */
export function exited(name: string, exitCode = 0): Step {
  return (world) => {
    world.exited(world.state.container(name).id, exitCode);
    world.run('container.release', { container: name });
  };
}

/** It was done. `data` is what came of it, if not what the world invents. */
export function did<T extends CommandType>(
  type: T,
  args: CommandArgs[T],
  more: { readonly givens?: Partial<Givens>; readonly data?: object } = {},
): Step {
  return (world) => world.run(type, args, more);
}

/** The intent is there, the outcome is not. */
export function began<T extends CommandType>(type: T, args: CommandArgs[T]): Step {
  return (world) => {
    const { decision } = world.begin(world.command(type, args));
    assert.ok(decision.ok, `${type} was refused`);
  };
}

/** A world in which the usual things are installed and the steps have happened. */
export function given(...steps: readonly Step[]): Given {
  const world = new World();
  for (const step of [installed, ...steps]) step(world);
  return new Given(world);
}

class Given {
  constructor(readonly world: World) {}

  when<T extends CommandType>(type: T, args: CommandArgs[T], givens: Partial<Givens> = {}): Then<T> {
    return new Then<T>(this.world, this.world.begin(this.world.command(type, args, givens)));
  }
}

class Then<T extends CommandType> {
  constructor(
    readonly world: World,
    private readonly begun: ReturnType<World['begin']>,
  ) {}

  /** It was accepted and decided this. */
  thenDecided(check: (decided: NonNullable<Decisions[T]>, accepted: Accepted) => void): this {
    const accepted = this.accepted();
    check(decidedOf<T>(accepted.intent), accepted);
    return this;
  }

  thenRefused(code: ErrorCode, message?: string): ErrorRecord {
    const { decision } = this.begun;
    if (decision.ok) throw new Error(`expected ${code}, but it was accepted`);
    assert.is(decision.refusal.code, code, decision.refusal.message);
    if (message !== undefined) assert.is(decision.refusal.message, message);
    assert.is(this.world.state.openOperations.has(this.begun.op), false);
    return decision.refusal;
  }

  /** The state with the intent folded in, and nothing after it. */
  thenMeanwhile(check: (state: State) => void): this {
    check(this.world.state);
    return this;
  }

  /** The state after it succeeded. */
  thenState(check: (state: State) => void, data?: object): this {
    this.world.succeed(this.begun.op, this.accepted(), data);
    check(this.world.state);
    return this;
  }

  /** The state after it failed. */
  thenFailed(code: ErrorCode, check: (state: State) => void, status: ResultStatus = 'failed'): this {
    this.world.fail(this.begun.op, this.accepted(), code, status);
    check(this.world.state);
    return this;
  }

  private accepted(): Accepted {
    const { decision } = this.begun;
    if (!decision.ok) throw new Error(`refused: ${decision.refusal.code} ${decision.refusal.message}`);
    return decision;
  }
}

/** Addresses that are taken on the network `bridge`. */
export function bridgeLeases(state: State): readonly string[] {
  return [...leasesOf(state, state.network('bridge').id).keys()];
}
