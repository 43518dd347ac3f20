import type { ContainerRecord, HealthRecord, Healthcheck, NewEvent, ProbeResult, ShiplogEvent } from '@shiplog/contracts';
import { healthcheckOf } from '@shiplog/model';
import type { EngineCore } from '../core.ts';
import { foldStream } from '../state/fold-stream.ts';
import { withValues } from '../secrets/secrets.ts';

/** A container with one of these under way is about to end, or to be another run: nothing is to be made of how it is meanwhile. */
const ENDING: ReadonlySet<string> = new Set(['container.stop', 'container.restart', 'container.remove', 'container.prune']);

/** How long an engine that stops waits for probes to be ended, in milliseconds; what a driver that hangs leaves is ended by the next one. */
const LEAVE_MS = 10_000;

/** How far back the start of a run is looked for, in events of the container. */
const RECENT = 256;

/**
 * Runs the health checks of containers, as the starts of their runs decided. A probe that changes a container's health is a fact,
 * `container.health`; all others are results in memory alone ({@link Probes}). A new engine goes on with the status that the log
 * has, the failures in a row that it counted then, and a wait of its own.
 */
export class Health {
  readonly #core: EngineCore;
  readonly #watches = new Set<Promise<void>>();

  constructor(core: EngineCore) {
    this.#core = core;
  }

  /** Watches every container that runs, or is started before `signal` aborts. Resolves when no probe is left after that, or it took too long. */
  async run(signal: AbortSignal): Promise<void> {
    const { facts, head } = this.#core.ledger;
    const seen = facts.subscribe((event) => this.#heed(event, signal));
    for (const { id, process } of head.containers.values()) if (process !== undefined) this.#begin(id, signal);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    seen.unsubscribe();
    const left = Promise.withResolvers<void>();
    const cancel = this.#core.parts.clock.after(LEAVE_MS, left.resolve);
    await Promise.race([Promise.all(this.#watches), left.promise]);
    cancel();
  }

  #heed(event: ShiplogEvent, signal: AbortSignal): void {
    const id = event.stream.slice('container/'.length);
    if (isStart(event)) this.#begin(id, signal, event.seq);
    else if (event.type === 'container.remove.succeeded') this.#core.probes.forget(id);
    else if (event.type === 'container.prune.succeeded') for (const gone of event.data.removed) this.#core.probes.forget(gone);
  }

  #begin(id: string, signal: AbortSignal, cause?: number): void {
    const watch = this.#watch(id, signal, cause).catch((error: unknown) =>
      this.#core.parts.logger.error('health is not checked any more', { id, error: String(error) }),
    );
    this.#watches.add(watch);
    void watch.finally(() => this.#watches.delete(watch));
  }

  /** For as long as this run of the container lasts. `started`: position of the outcome that began it, if it was just told. */
  async #watch(id: string, signal: AbortSignal, started?: number): Promise<void> {
    const run = this.#core.ledger.head.containers.get(id);
    const check = run && (await this.#checkOf(run));
    if (run === undefined || check === undefined) return;
    const over = new AbortController();
    let probing: AbortController | undefined;
    const changes = this.#core.ledger.facts.subscribe(({ stream }) => {
      if (stream !== `container/${id}` && stream !== 'engine') return;
      const now = this.#runs(run);
      if (now === undefined) over.abort();
      if (now === undefined || !isAsked(now)) probing?.abort();
    });
    const lasts = AbortSignal.any([signal, over.signal]);
    try {
      for (let now = this.#runs(run); now !== undefined && !lasts.aborted; now = this.#runs(run)) {
        await this.#wait(this.#isStarting(now, check) ? check.startIntervalMs : check.intervalMs, lasts);
        const due = this.#runs(run);
        if (due === undefined || lasts.aborted || !isAsked(due)) continue;
        probing = new AbortController();
        const revealed = withValues(due, await this.#core.secrets.values(due.spec));
        const result = await this.#core.probes.run(revealed, check, AbortSignal.any([lasts, probing.signal]));
        probing = undefined;
        if (result !== undefined) await this.#keep(run, check, result, started);
      }
    } finally {
      changes.unsubscribe();
    }
  }

  /** The record, while it is of the same run. */
  #runs({ id, startedAt }: ContainerRecord): ContainerRecord | undefined {
    const now = this.#core.ledger.head.containers.get(id);
    return now?.process !== undefined && now.startedAt === startedAt && now.status !== 'removing' ? now : undefined;
  }

  async #checkOf(container: ContainerRecord): Promise<Healthcheck | undefined> {
    const { secrets, images, ledger } = this.#core;
    const image = ledger.head.images.get(container.imageId);
    if (healthcheckOf(container.spec, image?.config) === undefined) return undefined;
    const { config } = image === undefined ? {} : await images.whole(image);
    return healthcheckOf(withValues(container.spec, await secrets.values(container.spec)), config);
  }

  /** Failures do not count yet. `at`: nanoseconds since the epoch. */
  #isStarting(
    { startedAt, health }: Pick<ContainerRecord, 'startedAt' | 'health'>,
    { startPeriodMs }: Healthcheck,
    at: string = this.#core.parts.clock.now(),
  ): boolean {
    const age = Number(BigInt(at) - BigInt(startedAt)) / 1e6;
    return health?.status === 'starting' && age < startPeriodMs;
  }

  /** Keeps what a probe found; what it changes is recorded first. */
  async #keep(run: ContainerRecord, check: Healthcheck, result: ProbeResult, started: number | undefined): Promise<void> {
    const now = this.#runs(run);
    if (now?.health === undefined) return;
    const { probes } = this.#core;
    const { status } = now.health;
    const { failingStreak } = probes.found(now) ?? now.health;
    const next = judged({ status, failingStreak }, result.exitCode === 0, this.#isStarting(now, check, result.start), check.retries);
    if (next.status !== status) {
      const data = { id: run.id, was: status, exitCode: result.exitCode, ...next };
      const cause = started ?? (await this.#startOf(run));
      // It may have ended meanwhile.
      if (this.#runs(run) === undefined) return;
      const event: NewEvent = { stream: `container/${run.id}`, type: 'container.health', kind: 'observed', data };
      await this.#core.observe(cause === undefined ? event : { ...event, cause }, 'health');
    }
    probes.keep(run, result, next);
  }

  /** Position of the outcome that began a run, unless much happened to the container since, or it was pruned. */
  #startOf({ id, startedAt }: ContainerRecord): Promise<number | undefined> {
    const start = (found: number | undefined, event: ShiplogEvent): number | undefined =>
      found ?? (isStart(event) && event.t === startedAt ? event.seq : undefined);
    return foldStream(this.#core.ledger.log, `container/${id}`, undefined, start, RECENT);
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

function isStart({ type }: ShiplogEvent): boolean {
  return type === 'container.start.succeeded' || type === 'container.restart.succeeded';
}

/** Whether its probes mean anything just now. */
function isAsked({ status, busy }: ContainerRecord): boolean {
  return status === 'running' && (busy === undefined || !ENDING.has(busy.verb));
}

/** What a probe makes of what was known before (moby, daemon/health.go). */
export function judged(was: HealthRecord, succeeded: boolean, starting: boolean, retries: number): HealthRecord {
  if (succeeded) return { status: 'healthy', failingStreak: 0 };
  if (starting) return was;
  const failingStreak = was.failingStreak + 1;
  return { status: failingStreak >= retries ? 'unhealthy' : was.status, failingStreak };
}
