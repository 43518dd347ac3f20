import { type RunningEngine, startEngine } from '@shiplog/engine';
import { type DriverCall, populate, SimHost, simulatedDrivers } from '@shiplog/sim-host';
import { type CommandType, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { Ends, type OtherEnd } from '../perform/outcomes.ts';
import { Performer } from '../perform/performer.ts';
import type { Recording } from '../recording/recording.ts';
import { stepOf } from '../recording/step-times.ts';
import { Summary, type VerbSummary } from '../recording/summary.ts';
import { Latencies, stepOfCall } from './latencies.ts';
import { MemoryLog } from './memory-log.ts';
import { Reboots } from './reboots.ts';
import { recordedBehaviour } from './recorded-behaviour.ts';
import { simulatedParts } from './simulated-parts.ts';
import { VirtualClock } from './virtual-clock.ts';
import { AS_IT_WAS, checkWhatIf, type Fault, type WhatIf } from './what-if.ts';

/** Verbs that read what came with the request; what it was is not in the log. */
const WITH_BODY: ReadonlySet<CommandType> = new Set(['image.load', 'image.import', 'image.build', 'container.extract']);

export interface SimulateOptions {
  readonly whatIf?: WhatIf;
  /** The same seed gives the same log; 1 if absent. */
  readonly seed?: number;
  /** Draw every latency, also where the log says how long it took. */
  readonly resample?: boolean;
  /** How much faster than recorded commands come; Infinity: as soon as what they came after has ended. 1 if absent. */
  readonly speed?: number;
  /** Told now and then how many commands have their answers. */
  readonly progress?: (done: number, total: number) => void;
}

/** What a simulation came to. */
export interface Simulated {
  /** The log as it would have been. Where the recorded one does not begin at 0, it follows on what was there then: {@link boundaryOf} its `start`. */
  readonly events: readonly ShiplogEvent[];
  readonly verbs: readonly VerbSummary[];
  /** Operations that ended otherwise than recorded. */
  readonly others: readonly OtherEnd[];
  /** From the first event to the last, milliseconds of simulated time. */
  readonly spanMs: number;
  /** How long the simulation itself took. */
  readonly wallMs: number;
  /** Faults that were asked for and not met: their commands came to no such call. */
  readonly unmet: readonly Fault[];
  /** Commands that came although something had not happened that they had come after. */
  readonly released: number;
}

/**
 * Runs the engine itself over a recorded script: simulated drivers, a clock that jumps from one event to the next, processes
 * that do what they did. Makes no call to the kernel. What failed in a driver fails there again, as it did.
 *
 * Throws REQUEST_INVALID for a what-if of which the recording knows nothing.
 */
export async function simulate(recording: Recording, options: SimulateOptions = {}): Promise<Simulated> {
  const { whatIf = AS_IT_WAS, seed = 1, resample = false, speed = 1, progress } = options;
  checkWhatIf(whatIf, recording.times);
  const wall = performance.now();
  const { start, begin, runs, commands } = recording;
  const clock = new VirtualClock(begin);
  const ends = new Ends(recording);
  const summary = new Summary();
  const reached = new Set<string>();
  const reboots = new Reboots();
  let performer: Performer | undefined;
  const log = new MemoryLog({
    boot: begin.boot,
    inst: 'simulated',
    start,
    appended(event) {
      const milestone = ends.add(event);
      summary.add(event, { cutOff: ends.wasCutOff(event) });
      if (milestone === undefined) return;
      if (performer === undefined) reached.add(milestone);
      // A client hears of it when it is durable, a little later.
      else clock.after(0, () => performer?.reached(milestone));
    },
  });
  const host = new SimHost({ bootId: begin.boot, now: () => clock.now(), behaviour: recordedBehaviour(runs, clock, reboots) });
  populate(host, start);
  const latencies = new Latencies(recording, whatIf, { seed, resample });
  const failures = new Failures(recording, whatIf);
  const around = async <R>(call: DriverCall, effect: () => R): Promise<R> => {
    const milestone = call.op === undefined ? undefined : ends.milestones.of(call.op);
    await clock.sleep(latencies.of(call, milestone));
    failures.throwAt(call, milestone);
    return effect();
  };
  /** Nothing is left to come before the host goes down: it goes, no sooner than recorded. */
  const rebooted = ({ nextBlocked }: Performer): boolean => {
    const at = reboots.next;
    if (at === undefined || (nextBlocked !== undefined && nextBlocked.command.at < at)) return false;
    clock.after(Math.max(0, at / speed - clock.ms()), () => reboots.happen(at));
    return true;
  };
  const drivers = simulatedDrivers(host, {
    around,
    archives: (op) => recording.archives.get(op) ?? [],
    names: {
      storage: [...new Set([storageOf(recording, whatIf), ...recording.drivers.storage])],
      runtime: [recording.defaults.runtime],
      log: [...recording.drivers.log],
      volume: [...recording.drivers.volume],
    },
  });
  const engine = await started(
    clock,
    startEngine(
      simulatedParts({
        log,
        clock,
        drivers,
        seed,
        bootId: begin.boot,
        networks: recording.networks,
        defaults: {
          ...recording.defaults,
          storageDriver: storageOf(recording, whatIf),
          runtime: whatIf.drivers.get('runtime')?.name ?? recording.defaults.runtime,
        },
      }),
    ),
  );
  performer = new Performer(commands, {
    engine,
    clock,
    speed,
    streams: ({ verb }) => (WITH_BODY.has(verb) ? { body: nothing() } : {}),
    ended: () => progress?.(commands.length - (performer?.left ?? 0), commands.length),
  });
  for (const milestone of reached) performer.reached(milestone);
  // What nobody will bring about is not waited for; then processes run to their recorded ends.
  while ((await clock.run(() => false)) === 'idle' && (rebooted(performer) || performer.release()));
  if (performer.left > 0)
    throw new ShiplogError('INTERNAL', `${performer.left} commands of a simulation have no answer`, { left: performer.left });
  await engine.stop('simulated');
  return {
    events: log.events,
    verbs: summary.verbs(),
    others: ends.others(),
    spanMs: clock.ms(),
    wallMs: performance.now() - wall,
    unmet: failures.unmet,
    released: performer.released,
  };
}

/** An engine that starts waits for its drivers, and they for the clock. */
async function started(clock: VirtualClock, engine: Promise<RunningEngine>): Promise<RunningEngine> {
  let settled = false;
  const settle = (): void => void (settled = true);
  engine.then(settle, settle);
  await clock.run(() => settled);
  return engine;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** What an archive held that failed later on is not known, so it fails here. */
const INGEST = 'image-store.ingest';

/** Failures of drivers: those recorded, and those asked for. */
class Failures {
  readonly #recording: Recording;
  /** By milestone: at which step, and with what. Each comes once. */
  readonly #faults = new Map<string, { readonly fault: Fault; readonly error: ShiplogError }>();
  readonly #failed = new Set<string>();
  readonly #met = new Set<string>();

  constructor(recording: Recording, { faults }: WhatIf) {
    this.#recording = recording;
    for (const fault of faults) {
      const { seq, code } = fault;
      const command = recording.commands.find((one) => one.seq === seq);
      if (command === undefined)
        throw new ShiplogError(
          'REQUEST_INVALID',
          `position ${seq} holds no command that can be asked again, so no fault can be put there`,
          { seq },
        );
      this.#faults.set(`op ${command.op}`, { fault, error: new ShiplogError(code, `${code}, as asked for position ${seq}`, { seq }) });
    }
  }

  get unmet(): readonly Fault[] {
    return [...this.#faults].flatMap(([milestone, { fault }]) => (this.#met.has(milestone) ? [] : [fault]));
  }

  throwAt(call: DriverCall, milestone: string | undefined): void {
    if (milestone === undefined || this.#failed.has(milestone)) return;
    const step = stepOfCall(call);
    const asked = this.#faults.get(milestone);
    const recorded = this.#recording.outcomes.get(milestone);
    const failed = recorded?.status === 'failed' || recorded?.status === 'canceled' ? recorded : undefined;
    const here = (where: string | undefined): boolean => where === undefined || stepOf(where) === step;
    const isMet = asked !== undefined && here(asked.fault.step);
    if (isMet) this.#met.add(milestone);
    const error = isMet
      ? asked.error
      : failed?.error !== undefined && (here(failed.step) || step === INGEST)
        ? ShiplogError.from(failed.error)
        : undefined;
    if (error === undefined) return;
    this.#failed.add(milestone);
    throw error;
  }
}

function storageOf({ defaults }: Recording, { drivers }: WhatIf): string {
  return drivers.get('storage')?.name ?? defaults.storageDriver;
}
