import { type ContainerRecord, type ExecSpec, type HealthRecord, type NewEvent, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { type Healthcheck, healthcheckOf } from '@shiplog/model';
import type { Subscription } from 'rxjs';
import { type EngineCore, system } from '../core.ts';
import type { Executor } from '../executor.ts';
import { withValues } from '../secrets/secrets.ts';

/** A probe that could not run, or took too long. */
const NO_CODE = -1;
/** As a process ends that is killed. */
const KILLED = 137;
/** The container is not to be asked just now, which says nothing about its health. */
const NOT_NOW: ReadonlySet<string> = new Set([
  'CONTAINER_NOT_RUNNING',
  'CONTAINER_NOT_FOUND',
  'CONTAINER_PAUSED',
  'ENGINE_STOPPING',
  'LOG_CLOSED',
]);

/**
 * Runs the health checks of containers: each probe is an exec session by `system` for `health`, and what it changes is a fact,
 * `container.health`. It knows nothing that the log does not say: a new engine goes on with a wait of its own.
 */
export class Health {
  readonly #core: EngineCore;
  readonly #executor: Executor;

  constructor(core: EngineCore, executor: Executor) {
    this.#core = core;
    this.#executor = executor;
  }

  /** Watches every container that runs, or is started before `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { facts, head } = this.#core.ledger;
    const starts = facts.subscribe(({ type, stream }) => {
      if (type === 'container.start.succeeded' || type === 'container.restart.succeeded')
        void this.#watch(stream.slice('container/'.length), signal);
    });
    signal.addEventListener('abort', () => starts.unsubscribe(), { once: true });
    for (const { id, process } of head.containers.values()) if (process !== undefined) void this.#watch(id, signal);
  }

  /** For as long as this run of the container lasts. */
  async #watch(id: string, signal: AbortSignal): Promise<void> {
    const run = this.#core.ledger.head.containers.get(id);
    if (run === undefined || (await this.#checkOf(run)) === undefined) return;
    const over = new AbortController();
    const lasts = AbortSignal.any([signal, over.signal]);
    const ends = this.#core.ledger.facts.subscribe((event) => {
      if (event.stream === `container/${id}` && this.#runs(run) === undefined) over.abort();
    });
    try {
      // An update may change the check while it runs.
      for (let now = this.#runs(run); now !== undefined && !lasts.aborted; now = this.#runs(run)) {
        const check = await this.#checkOf(now);
        if (check === undefined) return;
        await this.#wait(this.#isStarting(now, check) ? check.startIntervalMs : check.intervalMs, lasts);
        const due = this.#runs(run);
        if (due === undefined || lasts.aborted || due.status === 'paused') continue;
        const code = await this.#probe(due, check, lasts);
        if (code !== undefined && !lasts.aborted) await this.#record(run, check, code);
      }
    } catch (error) {
      this.#core.parts.logger.error('health is not checked any more', { id, error: String(error) });
    } finally {
      ends.unsubscribe();
    }
  }

  /** The record, while it is of the same run. */
  #runs({ id, startedAt }: ContainerRecord): ContainerRecord | undefined {
    const now = this.#core.ledger.head.containers.get(id);
    return now?.process !== undefined && now.startedAt === startedAt && now.status !== 'removing' ? now : undefined;
  }

  async #checkOf(container: ContainerRecord): Promise<Healthcheck | undefined> {
    const { secrets, ledger } = this.#core;
    const { config } = ledger.head.images.get(container.imageId) ?? {};
    if (healthcheckOf(container.spec, config) === undefined) return undefined;
    return healthcheckOf(withValues(container.spec, await secrets.values(container.spec)), config);
  }

  /** Failures do not count yet. */
  #isStarting({ startedAt, health }: ContainerRecord, { startPeriodMs }: Healthcheck): boolean {
    const age = Number(BigInt(this.#core.parts.clock.now()) - BigInt(startedAt)) / 1e6;
    return health?.status === 'starting' && age < startPeriodMs;
  }

  async #record(run: ContainerRecord, check: Healthcheck, exitCode: number): Promise<void> {
    const now = this.#runs(run);
    const was = now?.health;
    if (now === undefined || was === undefined) return;
    const next = judged(was, exitCode === 0, this.#isStarting(now, check), check.retries);
    if (next.status === was.status && next.failingStreak === was.failingStreak) return;
    const data = { id: run.id, was: was.status, exitCode, ...next };
    const event: NewEvent = { stream: `container/${run.id}`, type: 'container.health', kind: 'observed', data };
    await this.#core.observe(event, 'health');
  }

  /** The exit code; undefined where the container could not be asked. */
  async #probe({ id, runtime }: ContainerRecord, { command, timeoutMs }: Healthcheck, lasts: AbortSignal): Promise<number | undefined> {
    const caller = system('health');
    const ended = Promise.withResolvers<number | undefined>();
    const leave = (): void => ended.resolve(undefined);
    let listening: Subscription | undefined;
    try {
      const { id: exec } = await this.#executor.execute('exec.create', { container: id, spec: probeOf(command) }, caller);
      listening = this.#core.ledger.facts.subscribe((event: ShiplogEvent) => {
        if (event.type === 'exec.exited' && event.data.id === exec) ended.resolve(event.data.exitCode);
      });
      lasts.addEventListener('abort', leave, { once: true });
      const cancel = this.#core.parts.clock.after(timeoutMs, () => {
        void this.#giveUp(id, runtime, exec).finally(() => ended.resolve(NO_CODE));
      });
      try {
        await this.#executor.execute('exec.start', { exec, detach: true, tty: false }, caller);
        return await ended.promise;
      } finally {
        cancel();
      }
    } catch (error) {
      return NOT_NOW.has(ShiplogError.wrap(error).code) ? undefined : NO_CODE;
    } finally {
      listening?.unsubscribe();
      lasts.removeEventListener('abort', leave);
    }
  }

  /** Kills a probe that takes too long. */
  async #giveUp(containerId: string, runtime: string, id: string): Promise<void> {
    const { parts, ledger } = this.#core;
    try {
      const ctx = { op: parts.identities.op(), signal: parts.clock.deadline(10_000) };
      await this.#core.call('runtime', runtime, 'execRemove', { id: containerId, exec: id }, ctx);
      if (ledger.head.execs.get(id)?.status !== 'running') return;
      const data = { id, containerId, exitCode: KILLED, finishedAt: parts.clock.now() };
      await this.#core.observe({ stream: `container/${containerId}`, type: 'exec.exited', kind: 'observed', data }, 'health');
    } catch (error) {
      parts.logger.warn('a health probe that takes too long was not killed', { id: containerId, exec: id, error: String(error) });
    }
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#core.parts.clock.after(ms, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}

/** What a probe makes of what was known before (moby, daemon/health.go). */
export function judged(was: HealthRecord, succeeded: boolean, starting: boolean, retries: number): HealthRecord {
  if (succeeded) return { status: 'healthy', failingStreak: 0 };
  if (starting) return was;
  const failingStreak = was.failingStreak + 1;
  return { status: failingStreak >= retries ? 'unhealthy' : was.status, failingStreak };
}

function probeOf(command: readonly string[]): ExecSpec {
  return {
    command,
    env: { names: [] },
    user: '',
    workingDir: '',
    tty: false,
    attachStdin: false,
    attachStdout: false,
    attachStderr: false,
    privileged: false,
  };
}
