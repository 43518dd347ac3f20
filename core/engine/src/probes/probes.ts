import {
  type ContainerRecord,
  type HealthRecord,
  type Healthcheck,
  type IoChannel,
  type ProbeResult,
  type ProbeResults,
  type ProcessExit,
  type RuntimeDriver,
  ShiplogError,
} from '@shiplog/contracts';
import { execProcess } from '@shiplog/oci';
import type { EngineBase } from '../base.ts';
import type { IoHub } from '../containers/io-hub.ts';
import { FirstBytes } from './first-bytes.ts';
import { goDuration } from './go-duration.ts';
import { scrubbed } from '../secrets/scrub.ts';

/** What is kept of each container (moby, daemon/health.go). */
const KEPT = 5;
const OUTPUT_BYTES = 4096;
/** How long a probe may take to begin, and a driver to end one, in milliseconds. */
const BEGIN_MS = 30_000;
const END_MS = 30_000;
/** A probe has ended, and its output is about to. */
const OUTPUT_END_MS = 2000;
/** The exit code of a probe that has none. */
const NO_CODE = -1;

const PREFIX = 'health-';

/** The container is not to be asked just now, which says nothing about its health. */
const NOT_NOW: ReadonlySet<string> = new Set(['CONTAINER_NOT_RUNNING', 'CONTAINER_NOT_FOUND', 'CONTAINER_PAUSED']);

/** Whether an exec session of a runtime is a probe: they have names of their own, so that whoever comes later knows them. */
export function isProbe(exec: string): boolean {
  return exec.startsWith(PREFIX);
}

interface Found {
  /** The run that it was found in. */
  readonly startedAt: string;
  readonly results: ProbeResults;
}

/**
 * Probes of health checks: exec sessions that the runtime alone knows, one a container at most, under a name that follows from the
 * container's id. The start of the container is what asked for them. What they find is kept here, in memory.
 */
export class Probes {
  readonly #base: EngineBase;
  readonly #io: IoHub;
  readonly #running = new Map<string, (exit: ProcessExit) => void>();
  readonly #found = new Map<string, Found>();
  /** Containers that may still have a probe which could not be ended. */
  readonly #left = new Set<string>();

  constructor(base: EngineBase, io: IoHub) {
    this.#base = base;
    this.#io = io;
  }

  /**
   * Runs one to its end, and leaves nothing of it. Undefined where it could not be asked, or `signal` aborted first: that is no result.
   * Never rejects.
   */
  async run(container: ContainerRecord, check: Healthcheck, signal: AbortSignal): Promise<ProbeResult | undefined> {
    const { clock } = this.#base.parts;
    if (this.#left.has(container.id) && !(await this.end(container))) return undefined;
    const start = clock.now();
    const exited = Promise.withResolvers<ProcessExit>();
    this.#running.set(container.id, exited.resolve);
    try {
      const { exitCode, output } = await this.#run(container, check, exited.promise, signal);
      return signal.aborted ? undefined : { start, end: clock.now(), exitCode, output };
    } catch (thrown) {
      const { code, message } = scrubbed(ShiplogError.wrap(thrown), [], this.#base.secrets.rules);
      if (signal.aborted || NOT_NOW.has(code)) return undefined;
      return { start, end: clock.now(), exitCode: NO_CODE, output: message.slice(0, OUTPUT_BYTES) };
    } finally {
      this.#running.delete(container.id);
      await this.end(container);
    }
  }

  async #run(
    container: ContainerRecord,
    check: Healthcheck,
    exited: Promise<ProcessExit>,
    signal: AbortSignal,
  ): Promise<Pick<ProbeResult, 'exitCode' | 'output'>> {
    const { id, runtime } = container;
    const { clock } = this.#base.parts;
    const target = { id, exec: PREFIX + id };
    const made = await this.#process(container, check.command);
    // Not `signal`: a driver that is left alone while it makes one cannot be told to end it.
    const begin = clock.deadline(BEGIN_MS);
    const printed = new FirstBytes(OUTPUT_BYTES);
    let channel: IoChannel | undefined;
    try {
      await this.#call(runtime, 'execCreate', { ...target, ...made, terminal: false, stdin: false }, begin);
      channel = await this.#listen(runtime, target);
      const ended = printed.read(channel);
      if (!signal.aborted) await this.#call(runtime, 'execStart', target, begin);
      // Only now: how long the runtime takes to begin is not the program's fault.
      const exit = await this.#within(check.timeoutMs, exited, signal);
      if (exit === undefined) {
        const what = `Health check exceeded timeout (${goDuration(check.timeoutMs)})`;
        return { exitCode: NO_CODE, output: printed.text === '' ? what : `${what}: ${printed.text}` };
      }
      await this.#within(OUTPUT_END_MS, ended, signal);
      return { exitCode: exit.exitCode, output: printed.text };
    } catch (error) {
      if (begin.aborted) throw new ShiplogError('DEADLINE_EXCEEDED', `timed out starting health check for container ${id}`, { id });
      throw error;
    } finally {
      channel?.close();
    }
  }

  /** The command as a process of the container, with its user, environment and privileges. */
  async #process(recorded: ContainerRecord, command: readonly string[]) {
    const { environment, images, ledger, secrets } = this.#base;
    const [image, container] = await Promise.all([images.whole(ledger.head.image(recorded.imageId)), secrets.known(recorded)]);
    const spec = { command, env: { names: [] }, user: '', workingDir: '', tty: false, privileged: false };
    const process = execProcess({
      container,
      image,
      exec: { spec: { ...spec, attachStdin: false, attachStdout: true, attachStderr: true } },
      hostname: container.spec.hostname ?? container.id.slice(0, 12),
      containerEnv: await environment.unseal(container.spec.env),
      env: [],
    });
    return { process, user: container.spec.user === '' ? (image.config.User ?? '') : container.spec.user };
  }

  /** Undefined where the runtime has no stdio, as a simulated one. */
  async #listen(runtime: string, target: { readonly id: string; readonly exec: string }): Promise<IoChannel | undefined> {
    try {
      return await this.#io.open(runtime, target);
    } catch (error) {
      const { code } = ShiplogError.wrap(error);
      this.#base.parts.logger.debug('what a health probe prints is not seen', { id: target.id, code });
      return undefined;
    }
  }

  /** Undefined when `ms` are over, or `signal` aborts, before. */
  async #within<T>(ms: number, done: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    if (signal.aborted) return undefined;
    const { promise: over, resolve } = Promise.withResolvers<undefined>();
    const end = (): void => resolve(undefined);
    const cancel = this.#base.parts.clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([done, over]);
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
    }
  }

  /** Kills and forgets the probe of a container, if there is one. False if that failed: it is tried again before the next one runs. */
  async end({ id, runtime }: Pick<ContainerRecord, 'id' | 'runtime'>): Promise<boolean> {
    const { clock, logger } = this.#base.parts;
    try {
      await this.#call(runtime, 'execRemove', { id, exec: PREFIX + id }, clock.deadline(END_MS));
      this.#left.delete(id);
      return true;
    } catch (error) {
      this.#left.add(id);
      logger.warn('a health probe was not ended', { id, code: ShiplogError.wrap(error).code });
      return false;
    }
  }

  /** A runtime tells that one has ended. Telling it again, or when nobody waits for it, is harmless. */
  exited(exit: ProcessExit): void {
    this.#running.get(exit.id)?.(exit);
  }

  /** What was found of a container; of an earlier run its results alone. */
  found({ id, startedAt, health }: Pick<ContainerRecord, 'id' | 'startedAt' | 'health'>): ProbeResults | undefined {
    const found = this.#found.get(id);
    if (found === undefined || health === undefined) return found?.results;
    return found.startedAt === startedAt ? found.results : { ...found.results, failingStreak: health.failingStreak };
  }

  /** Keeps a result, and what it makes of the container's failing streak. */
  keep(run: Pick<ContainerRecord, 'id' | 'startedAt'>, result: ProbeResult, { failingStreak }: HealthRecord): void {
    const { last = [] } = this.#found.get(run.id)?.results ?? {};
    this.#found.set(run.id, { startedAt: run.startedAt, results: { failingStreak, last: [...last, result].slice(-KEPT) } });
  }

  forget(id: string): void {
    this.#found.delete(id);
    this.#left.delete(id);
  }

  #call(runtime: string, verb: keyof RuntimeDriver & string, args: object, signal: AbortSignal): Promise<unknown> {
    return this.#base.call('runtime', runtime, verb, args, { op: this.#base.parts.identities.op(), signal });
  }
}
