import { type RunningEngine, startEngine } from '@shiplog/engine';
import { MemoryLog, simulatedParts, VirtualClock } from '@shiplog/replay';
import { type DriverCall, SimHost, simulatedDrivers } from '@shiplog/sim-host';
import {
  type Caller,
  type CommandArgs,
  type CommandType,
  type EngineDefaults,
  type IngestedImage,
  type ShiplogEvent,
  ShiplogError,
} from '@shiplog/contracts';

/** What is to become of a command: its first call fails, its caller goes away, or the engine dies in the middle of it. */
export type Mode = 'ok' | 'fail' | 'cancel' | 'crash';

const DEFAULTS: EngineDefaults = {
  storageDriver: 'overlay',
  runtime: 'oci',
  logDriver: 'k8s-file',
  logRoot: '/var/lib/shiplog/containers',
  stopTimeoutSeconds: 10,
  volumeRoot: '/var/lib/shiplog/volumes',
};

const NETWORKS = [
  { name: 'bridge', driver: 'bridge', subnet: '172.30.0.0/16', options: { bridge: 'shiplog0' } },
  { name: 'host', driver: 'host', options: {} },
  { name: 'none', driver: 'none', options: {} },
];

/** Milliseconds of calls that take longer than the others. */
const SLOW: { readonly [step: string]: number } = {
  'runtime.create': 38,
  'storage.applyLayer': 90,
  'storage.mount': 3,
  'network.attach': 9,
  'image-store.load': 60,
  'runtime.signal': 1,
};

const WITH_BODY: ReadonlySet<CommandType> = new Set(['image.load', 'image.import', 'image.build', 'container.extract']);

export const CALLER: Caller = {
  actor: { scheme: 'unix', uid: 1000, gid: 1000, pid: 4242, start: 987_654 },
  req: { method: 'POST', route: '/commands', api: '1.51', agent: 'golden' },
};

/** An engine on a simulated host, made to go wrong in every way; what it leaves is its log. */
export class Stage {
  readonly clock = new VirtualClock({ now: '1767225600000000000', mono: '1000000000' });
  host = this.#newHost('boot-1');
  log = new MemoryLog({ boot: 'boot-1', inst: 'engine-1' });
  #engine: RunningEngine | undefined;
  #starts = 0;
  /** Nothing of the engine that was started so many engines ago answers any more. */
  #dead = 0;
  #next: Mode = 'ok';
  /** What archives hold. */
  images: readonly IngestedImage[] = [];

  get engine(): RunningEngine {
    if (this.#engine === undefined) throw new Error('the engine has not been started');
    return this.#engine;
  }

  get events(): readonly ShiplogEvent[] {
    return this.log.events;
  }

  #newHost(bootId: string): SimHost {
    return new SimHost({ bootId, now: () => this.clock.now() });
  }

  /** Starts an engine on what there is. */
  async start(): Promise<void> {
    this.#starts += 1;
    const number = this.#starts;
    const around = async <R>(call: DriverCall, effect: () => R): Promise<R> => {
      await this.clock.sleep(SLOW[`${call.kind}.${call.verb}`] ?? 0.5);
      const mode = this.#next;
      this.#next = 'ok';
      if (mode === 'crash') this.#dead = number;
      if (this.#dead >= number) return new Promise(() => undefined);
      if (mode === 'cancel') throw new ShiplogError('CANCELED', 'it ended when it was told to', { call: call.verb });
      if (mode === 'fail') throw new ShiplogError('DISK_FULL', 'no space left on device', { call: call.verb });
      return effect();
    };
    const drivers = simulatedDrivers(this.host, {
      around,
      archives: () => this.images,
      names: { storage: ['overlay', 'other'], runtime: ['oci'], log: ['k8s-file'], volume: ['local'] },
    });
    const { log, clock, host } = this;
    this.#engine = await this.drive(
      startEngine(simulatedParts({ log, clock, drivers, bootId: host.bootId, seed: number, defaults: DEFAULTS, networks: NETWORKS })),
    );
  }

  /** Lets time run until it is settled. */
  async drive<R>(work: Promise<R>): Promise<R> {
    let settled = false;
    const settle = (): void => void (settled = true);
    work.then(settle, settle);
    if ((await this.clock.run(() => settled)) === 'idle') throw new Error('nothing happens any more, and it is not done');
    return work;
  }

  /** Lets things happen for a while, and reactions come to their end. */
  async wait(ms: number): Promise<void> {
    await this.drive(this.clock.sleep(ms));
  }

  /** A command; its error code, or undefined. One during which the engine dies leaves another engine. */
  async command<T extends CommandType>(type: T, args: CommandArgs[T], mode: Mode = 'ok'): Promise<string | undefined> {
    this.#next = mode;
    const gone = new AbortController();
    if (mode === 'cancel') this.clock.after(0.25, () => gone.abort());
    const body = WITH_BODY.has(type) ? { body: nothing() } : {};
    const done = this.engine.execute(type, args, CALLER, { ...body, signal: gone.signal }).then(
      () => undefined,
      (error: unknown) => ShiplogError.wrap(error).code,
    );
    if (mode !== 'crash') {
      const code = await this.drive(done);
      this.#next = 'ok';
      return code;
    }
    await this.wait(200);
    await this.restart();
    return 'CRASH';
  }

  /** Another engine, after the last one has died as it stood. */
  async restart(boot?: string): Promise<void> {
    this.#dead = this.#starts;
    this.#next = 'ok';
    this.host.abandon();
    if (boot !== undefined) {
      const { things, secrets } = this.host;
      this.host = this.#newHost(boot);
      // Disks outlive a reboot; what the kernel had does not.
      for (const thing of things) if (/^(blob|storage:[^/]+\/snapshot)/.test(thing)) this.host.things.add(thing);
      for (const [id, secret] of secrets) this.host.secrets.set(id, secret);
    }
    await this.wait(3000);
    this.log = new MemoryLog({ boot: this.host.bootId, inst: `engine-${this.#starts + 1}`, events: this.log.events });
    await this.start();
    await this.wait(500);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
