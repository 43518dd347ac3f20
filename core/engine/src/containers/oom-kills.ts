import { upcast } from '@shiplog/model';
import type { CgroupDriver, CgroupStats, NewEvent, RuntimeDriver } from '@shiplog/contracts';
import type { EngineBase } from '../base.ts';
import { foldStream } from '../state/fold-stream.ts';

/** Milliseconds between looks at the kernel's count, which on version 1 of cgroups comes after the notice. */
const LOOKS = [0, 5, 20, 100, 500, 2000];

/**
 * OOM kills as facts. The kernel counts them in the container's cgroup, which is new at each start; what the log has since that start is
 * told, the difference is not. Holds no count of its own, so that kills while no engine ran are told by the next one.
 */
export class OomKills {
  /** By container: one at a time, or two would tell the same. */
  readonly #lines = new Map<string, Line>();

  constructor(private readonly base: EngineBase) {}

  /** Makes kills facts as soon as a driver tells of them. Ends when `signal` aborts, or at once with one that tells of none. */
  async watch(driver: Pick<RuntimeDriver | CgroupDriver, 'oomKills'>, signal: AbortSignal): Promise<void> {
    for await (const { id } of driver.oomKills?.(signal) ?? []) {
      this.#record(id, signal).catch((error: unknown) =>
        this.base.parts.logger.error('OOM kill not recorded', { id, error: String(error) }),
      );
    }
  }

  /** Appends what is not told yet, if the kernel comes to count any soon; nothing of a container that does not run. */
  #record(id: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(id, async () => {
      for (const wait of LOOKS) {
        // Whoever comes next looks as well, and an exit is not to wait.
        if (!(await this.#pause(id, wait)) || signal.aborted || !this.#runs(id)) return;
        const kills = (await this.#counted(id)) - (await this.#told(id));
        if (kills > 0) return this.base.observe(event(id, kills), 'monitor');
      }
    });
  }

  /**
   * Appends the exit of a container that was killed for memory, and before it what is not told yet: at least one kill in all. Nothing when
   * the exit is there already.
   */
  recordWith(id: string, exited: NewEvent, source: string): Promise<void> {
    return this.#inTurn(id, async () => {
      const told = await this.#told(id);
      const kills = Math.max((await this.#counted(id)) - told, told === 0 ? 1 : 0);
      if (!this.#runs(id)) return;
      await this.base.observe(kills > 0 ? [event(id, kills), exited] : exited, source);
    });
  }

  #runs(id: string): boolean {
    return this.base.ledger.head.containers.get(id)?.process !== undefined;
  }

  /** 0 where the cgroup is gone, or nobody counts. */
  async #counted(id: string): Promise<number> {
    const { parts } = this.base;
    const ctx = { op: parts.identities.op(), signal: parts.clock.deadline(10_000) };
    try {
      return ((await this.base.call('cgroup', parts.chosen.cgroup, 'stats', { id }, ctx)) as CgroupStats).memory.oomKills;
    } catch (error) {
      parts.logger.debug('OOM kills not counted', { id, error: String(error) });
      return 0;
    }
  }

  /** Since the last start, or since the first event that is kept. */
  #told(id: string): Promise<number> {
    return foldStream(this.base.ledger.log, `container/${id}`, 0, (kills, stored) => {
      const { type, data } = upcast(stored) ?? stored;
      if (type === 'container.oom') return kills + data.kills;
      // A refused one starts nothing.
      const begins = (type === 'container.start.requested' || type === 'container.restart.requested') && data.decided !== null;
      return begins ? 0 : kills;
    });
  }

  /** False if somebody waits for a turn, or comes to, before it is over. */
  #pause(id: string, ms: number): Promise<boolean> {
    const line = this.#lines.get(id);
    if (ms === 0 || line === undefined) return Promise.resolve(true);
    if (line.waiting > 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.base.parts.clock.after(ms, () => resolve(true));
      line.hurry = () => {
        cancel();
        resolve(false);
      };
    });
  }

  async #inTurn(id: string, work: () => Promise<void>): Promise<void> {
    const line = this.#lines.get(id) ?? { tail: Promise.resolve(), waiting: 0, hurry: () => undefined };
    this.#lines.set(id, line);
    const before = line.tail;
    const turn = Promise.withResolvers<void>();
    line.tail = turn.promise;
    line.waiting += 1;
    line.hurry();
    await before;
    line.waiting -= 1;
    try {
      await work();
    } finally {
      if (line.tail === turn.promise) this.#lines.delete(id);
      turn.resolve();
    }
  }
}

/** Who works on a container's kills, and who waits to. */
interface Line {
  tail: Promise<void>;
  waiting: number;
  /** Ends the pause of who works. */
  hurry: () => void;
}

function event(id: string, kills: number): NewEvent {
  return { stream: `container/${id}`, type: 'container.oom', kind: 'observed', data: { id, kills } };
}
