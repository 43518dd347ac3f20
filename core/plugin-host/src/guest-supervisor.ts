import { setTimeout as sleep } from 'node:timers/promises';
import { type OperationContext, type PluginManifest, ShiplogError } from '@shiplog/contracts';
import type { DriverLog, Logger } from '@shiplog/driver-kit';
import { type Guest, GuestGone, type GuestSource, type Hello, startGuest, type Welcome } from '@shiplog/driver-kit/isolation';

export interface SupervisedGuest {
  readonly source: GuestSource;
  readonly manifest: PluginManifest;
  readonly welcome: Welcome['drivers'];
  /** Takes what the guest says. */
  readonly told: Logger;
  readonly log: DriverLog;
  readonly socketDirectory: string;
  /** Makes the drivers' directories. */
  readonly settle: () => Promise<unknown>;
  /** Milliseconds; see GuestConnection. */
  readonly patienceMs?: number;
}

/** Milliseconds before a guest that ended is started again: doubled each time, until it has lived for a minute. */
const BACK_OFF_MS = { first: 100, longest: 30_000, forgetAfter: 60_000 };

/** A guest that runs, and the end of all that: it is known then how it ended, and another may be started. */
interface Life {
  readonly guest: Guest;
  readonly over: Promise<void>;
}

/** Milliseconds a call waits at most for a guest that may not be started yet. */
const PATIENCE_MS = 3_000;

/**
 * Keeps one guest running for those who call it. It is started for the first call, and again for the next one after it has ended,
 * not sooner than the back-off says. A call that was under way when it ended is made once more: verbs are repeatable, and
 * recorded steps are not done again.
 */
export class GuestSupervisor {
  readonly #facts: SupervisedGuest;
  #life: Promise<Life> | undefined;
  #running: Guest | undefined;
  #backOffMs = 0;
  #notBefore = 0;
  #lastFailure = '';
  #ends = 0;
  #stopped = false;

  constructor(facts: SupervisedGuest) {
    this.#facts = facts;
  }

  /** How often it ended without having been asked to. */
  get ends(): number {
    return this.#ends;
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get lastFailure(): string {
    return this.#lastFailure;
  }

  /** Resolves with the guest's answer, unchecked. Fails as the driver says, or DRIVER_UNAVAILABLE. */
  async call(driver: string, verb: string, args: object, ctx: OperationContext): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const { guest, over } = await this.#ready(ctx.signal);
      try {
        return await guest.connection.call(driver, verb, args, ctx);
      } catch (error) {
        if (!(error instanceof GuestGone)) throw error;
        await over;
        if (attempt === 2 || ctx.signal.aborted)
          throw new ShiplogError(
            'DRIVER_UNAVAILABLE',
            `plugin ${this.#facts.manifest.name} ended during ${verb}: ${error.message}`,
            { driver, verb },
            { cause: error },
          );
      }
    }
  }

  /** Lets calls under way end, for at most `ms`, then ends the guest. */
  async stop(ms: number): Promise<void> {
    this.#stopped = true;
    const life = await this.#life?.catch(() => undefined);
    if (life === undefined) return;
    const { guest } = life;
    guest.connection.bye();
    const gone = await Promise.race([guest.exited, sleep(ms, undefined, { ref: false })]);
    if (gone !== undefined) return;
    guest.kill();
    await guest.exited;
  }

  async #ready(signal: AbortSignal): Promise<Life> {
    if (this.#stopped) throw this.#unavailable('it was stopped');
    if (this.#life === undefined) {
      const wait = this.#notBefore - performance.now();
      if (wait > PATIENCE_MS)
        throw this.#unavailable(`${this.#lastFailure}; it is started again in ${Math.ceil(wait / 1000)} s at the soonest`);
      this.#life = this.#start(wait);
      this.#life.catch(() => undefined);
    }
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#life, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #start(wait: number): Promise<Life> {
    const { source, welcome, told, log, socketDirectory, patienceMs = 5_000 } = this.#facts;
    if (wait > 0) await sleep(wait, undefined, { ref: false });
    await this.#facts.settle();
    const began = performance.now();
    try {
      const guest = await startGuest(source, {
        socketDirectory,
        log,
        patienceMs,
        note: ({ level, message, facts }) => told[LEVELS.has(level) ? level : 'info'](String(message), facts),
        printed: (line) => told.info(line),
      });
      try {
        this.#check(await guest.connection.hello);
      } catch (error) {
        guest.kill();
        throw error;
      }
      guest.connection.welcome(welcome);
      this.#running = guest;
      told.info('plugin started', { isolation: source.isolation, ...(guest.pid === undefined ? {} : { pid: guest.pid }) });
      void guest.connection.hung.then(() => {
        told.error('plugin hangs: it reacts neither to a cancellation nor to a ping, and is ended');
        guest.kill();
      });
      const over = guest.connection.ended.then(async () => {
        this.#running = undefined;
        const how = await guest.exited;
        this.#life = undefined;
        this.#failed(how, performance.now() - began);
      });
      return { guest, over };
    } catch (error) {
      this.#life = undefined;
      this.#failed(ShiplogError.wrap(error).message, 0);
      throw ShiplogError.wrap(error, 'DRIVER_UNAVAILABLE');
    }
  }

  /** A guest must be what its manifest said before it ran. */
  #check({ api, plugin, drivers }: Hello): void {
    const { manifest } = this.#facts;
    const keys = (all: readonly { readonly kind: string; readonly name: string }[]): string =>
      all
        .map(({ kind, name }) => `${kind}/${name}`)
        .toSorted()
        .join(', ');
    if (plugin.name !== manifest.name || keys(drivers) !== keys(manifest.drivers) || !manifest.api.some((version) => api.includes(version)))
      throw new ShiplogError(
        'PLUGIN_INVALID',
        `plugin ${manifest.name} says of itself that it is ${plugin.name} with ${keys(drivers)}; its manifest has ${keys(manifest.drivers)}`,
        { plugin: manifest.name },
      );
  }

  #failed(how: string, livedMs: number): void {
    if (this.#stopped) return;
    this.#ends += 1;
    this.#lastFailure = how;
    if (livedMs > BACK_OFF_MS.forgetAfter) this.#backOffMs = 0;
    this.#backOffMs = Math.min(BACK_OFF_MS.longest, this.#backOffMs === 0 ? BACK_OFF_MS.first : this.#backOffMs * 2);
    this.#notBefore = performance.now() + this.#backOffMs;
    this.#facts.told.error('plugin ended', { how, againInMs: this.#backOffMs });
  }

  #unavailable(why: string): ShiplogError {
    const { name } = this.#facts.manifest;
    return new ShiplogError('DRIVER_UNAVAILABLE', `plugin ${name} cannot be used: ${why}`, { plugin: name });
  }
}

const LEVELS: ReadonlySet<string> = new Set(['debug', 'info', 'warn', 'error']);
