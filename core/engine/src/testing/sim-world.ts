import { ShiplogError } from '@shiplog/contracts';
import { type DriverCall, SimHost, type SimulatedDrivers, simulatedDrivers } from '@shiplog/sim-host';
import { IMAGE } from './sim-parts.ts';

/** A simulated host whose every effect is counted, so that a test can fail or end the engine at any of them. */
export class SimWorld extends SimHost {
  effects = 0;
  /** The effect with this number throws before it happens. */
  failAt = Number.POSITIVE_INFINITY;
  /** While it is set, every effect throws before it happens. */
  fails = false;
  /** From this effect on nothing answers any more: the engine is as good as killed. `after` lets that effect itself happen. */
  dieAt = Number.POSITIVE_INFINITY;
  dieAfter = false;
  /** Bytes of what is beneath a path. */
  readonly trees = new Map<string, number>();
  /** Paths at which there is nothing. */
  readonly missing = new Set<string>();
  /** What engines take for the time, and for how long the host has been up: both stand still unless a test moves them. Nanoseconds. */
  readonly clocks = { now: 1000n, mono: 1n };

  constructor(bootId = 'boot-1') {
    super({ bootId, now: () => '1000' });
  }

  /** Nobody of the old engine hears anything any more, and what comes is counted anew. */
  override abandon(): void {
    super.abandon();
    this.dieAt = Number.POSITIVE_INFINITY;
    this.failAt = Number.POSITIVE_INFINITY;
    this.fails = false;
    this.effects = 0;
  }

  drivers(): SimulatedDrivers {
    const around = <R>(_: DriverCall, effect: () => R): Promise<R> => this.#count(effect);
    return simulatedDrivers(this, {
      around,
      archives: () => [{ manifest: IMAGE, tags: ['sim:latest'] }],
      names: { storage: ['sim', 'other'] },
    });
  }

  async #count<R>(effect: () => R): Promise<R> {
    this.effects += 1;
    const number = this.effects;
    if (number >= this.dieAt && !(this.dieAfter && number === this.dieAt)) return new Promise(() => undefined);
    if (this.fails || number === this.failAt) throw new ShiplogError('KERNEL_CALL_FAILED', `effect ${number} fails`);
    const answer = effect();
    return number >= this.dieAt ? new Promise(() => undefined) : answer;
  }
}

/** Whether some work comes to its end: false once the world has stopped answering at an effect. Throws what the work does. */
export async function comesToEnd(world: SimWorld, effect: number, work: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const ended = work.then(() => true).finally(() => (isOver = true));
  const stuck = async (): Promise<boolean> => {
    while (!isOver && world.effects < effect) await new Promise((resolve) => setTimeout(resolve, 2));
    // Steps beside the one that hangs still come to their ends.
    await new Promise((resolve) => setTimeout(resolve, 10));
    return false;
  };
  return Promise.race([ended, stuck()]);
}
