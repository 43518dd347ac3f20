import { type State, upcast } from '@shiplog/model';
import {
  type Caller,
  type CommandArgs,
  type CommandType,
  type EngineDefaults,
  type ErrorRecord,
  type Given,
  type IntentData,
  type LoadedImage,
  type LogBoundary,
  type ResultStatus,
  type ShiplogEvent,
  ShiplogError,
} from '@shiplog/contracts';
import type { ReadProgress } from '../fold.ts';
import { commandOf } from '../redecide.ts';
import { isBoundary, type Replayable } from '../replayable.ts';
import { Beginning } from './beginning.ts';
import { HappenedBefore, type Reached } from './happened-before.ts';
import { isReaction, Milestones } from './milestones.ts';
import { type RecordedRuns, Runs } from './runs.ts';
import { stepOf, StepTimes } from './step-times.ts';
import { Summary, type VerbSummary } from './summary.ts';
import { Timeline } from './timeline.ts';

/** How an operation ended. Times in milliseconds; `at` from the log's first event. */
export interface RecordedOutcome {
  readonly status: ResultStatus;
  readonly at: number;
  readonly steps: { readonly [step: string]: number };
  /** Why it did not succeed. */
  readonly error?: ErrorRecord;
  /** The step that failed. */
  readonly step?: string;
  /** The engine died in it: this outcome is its recovery's, with the steps of that. */
  readonly cutOff: boolean;
}

/** A command that came from outside, with all that it takes to ask for it again. */
export interface RecordedCommand<T extends CommandType = CommandType> {
  readonly seq: number;
  readonly op: string;
  readonly verb: T;
  readonly args: CommandArgs[T];
  readonly given: Given;
  readonly caller: Caller;
  /** Milliseconds from the log's first event. */
  readonly at: number;
  /** What had ended when it came. */
  readonly after: readonly Reached[];
}

/** A network that is there from the first start on. */
export interface RecordedNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly subnet?: string;
  readonly options: { readonly [option: string]: string };
}

/** A log as a script: what was asked from outside, and how the world behaved. */
export interface Recording {
  readonly events: number;
  /** What was there before the first event: nothing, unless older ones were pruned. */
  readonly start: State;
  /** Clocks and boot at the first event. */
  readonly begin: { readonly now: string; readonly mono: string; readonly boot: string };
  /** From the first event to the last, milliseconds. */
  readonly spanMs: number;
  readonly defaults: EngineDefaults;
  readonly networks: readonly RecordedNetwork[];
  /** Drivers that images, containers and volumes name, of the families that the engine looks up. */
  readonly drivers: { readonly storage: ReadonlySet<string>; readonly log: ReadonlySet<string>; readonly volume: ReadonlySet<string> };
  readonly commands: readonly RecordedCommand[];
  /** Requests that cannot be asked again: nobody could read them, or their verb is of a later release. */
  readonly skipped: number;
  /** By milestone: operations of the engine itself, too. */
  readonly outcomes: ReadonlyMap<string, RecordedOutcome>;
  readonly runs: RecordedRuns;
  readonly times: StepTimes;
  /** What archives held, by operation. */
  readonly archives: ReadonlyMap<string, readonly LoadedImage[]>;
  readonly verbs: readonly VerbSummary[];
  /** How often an engine started. */
  readonly starts: number;
}

/** Reads a log as a script. Throws REQUEST_INVALID for one without a command. */
export async function readRecording(log: Replayable, progress?: ReadProgress): Promise<Recording> {
  const reader = new RecordingReader();
  for await (const item of log) {
    if (isBoundary(item)) {
      reader.begin(item);
      continue;
    }
    reader.add(item);
    if (item.seq % 1024 === 0) progress?.(item.seq);
  }
  return reader.done();
}

function isRecovered({ kind, actor }: ShiplogEvent): boolean {
  return kind === 'outcome' && actor.scheme === 'system' && actor.reason === 'recovery';
}

class RecordingReader {
  readonly #beginning = new Beginning();
  readonly #timeline = new Timeline();
  readonly #milestones = new Milestones();
  readonly #before = new HappenedBefore();
  readonly #runs = new Runs();
  readonly #times = new StepTimes();
  readonly #summary = new Summary();
  readonly #commands: RecordedCommand[] = [];
  readonly #networks: RecordedNetwork[] = [];
  readonly #drivers = { storage: new Set<string>(), log: new Set<string>(), volume: new Set(['local']) };
  readonly #outcomes = new Map<string, RecordedOutcome>();
  readonly #archives = new Map<string, readonly LoadedImage[]>();
  /** Drivers of networks, by network name, and what was the usual one of other families when an operation began. */
  readonly #networkDrivers = new Map<string, string>();
  readonly #usual = new Map<string, EngineDefaults>();
  #begin: Recording['begin'] | undefined;
  #defaults: EngineDefaults | undefined;
  /** Operations that a replay does not bring about. */
  readonly #notAgain = new Set<string>();
  #skipped = 0;
  #events = 0;
  #span = 0;
  #starts = 0;
  #last: ShiplogEvent | undefined;

  begin(boundary: LogBoundary): void {
    const beginning = this.#beginning;
    beginning.begin(boundary);
    const { containers, execs, images, networks, volumes } = beginning.state;
    for (const { id, name, driver, subnet, options, predefined } of networks.values()) {
      this.#networkDrivers.set(name, driver);
      if (predefined) this.#networks.push({ id, name, driver, options, ...(subnet === '' ? {} : { subnet }) });
    }
    for (const { storageDriver } of images.values()) this.#drivers.storage.add(storageDriver);
    for (const { driver } of volumes.values()) this.#drivers.volume.add(driver);
    for (const { id, storageDriver, logDriver, process } of containers.values()) {
      this.#drivers.storage.add(storageDriver);
      this.#drivers.log.add(logDriver);
      if (process !== undefined && !beginning.isBusy(id)) this.#runs.begin(id);
    }
    for (const { id, status } of execs.values()) if (status === 'running') this.#runs.beginExec(id);
  }

  add(stored: ShiplogEvent): void {
    const known = upcast(stored);
    const event = known ?? stored;
    const at = this.#timeline.at(event);
    this.#begin ??= { now: event.t, mono: event.mono, boot: event.boot };
    this.#events += 1;
    this.#span = at;
    this.#last = stored;
    if (this.#beginning.add(stored)) return this.#begun(event);
    this.#runs.add(event, at);
    const reached = this.#milestones.add(event);
    if (event.kind === 'intent') this.#intent(event, at, known !== undefined);
    else if (event.kind === 'outcome') this.#outcome(event, at, known !== undefined);
    if (event.type === 'engine.started') this.#starts += 1;
    if (!this.#notAgain.has(event.op)) this.#summary.add(event, { cutOff: isRecovered(event) });
    if (reached !== undefined && !this.#notAgain.has(event.op)) this.#before.end(reached, at);
  }

  /** What was under way has come to its end: a process that runs then runs from the beginning. */
  #begun(event: ShiplogEvent): void {
    const id = event.stream.slice('container/'.length);
    if (event.kind === 'outcome' && this.#beginning.state.containers.get(id)?.process !== undefined) this.#runs.begin(id);
  }

  #intent(event: ShiplogEvent, at: number, known: boolean): void {
    const reaction = isReaction(event.actor);
    const command = known ? commandOf(event) : undefined;
    if (command === undefined) {
      // Nobody asks for it again, so nothing may wait for its end.
      this.#notAgain.add(event.op);
      if (!reaction) this.#skipped += 1;
      return;
    }
    const { givens } = event.data as IntentData<CommandType>;
    this.#defaults ??= givens.defaults;
    this.#drivers.log.add(givens.defaults.logDriver);
    if (event.type === 'container.create.requested' && event.data.decided !== null) this.#drivers.log.add(event.data.decided.logDriver);
    if ((event.type === 'image.migrate.requested' || event.type === 'container.migrate.requested') && event.data.decided !== null)
      this.#drivers.storage.add(event.data.decided.to);
    if (event.type === 'image.load.requested' && event.data.args?.storageDriver !== undefined)
      this.#drivers.storage.add(event.data.args.storageDriver);
    if (event.type === 'volume.create.requested' && event.data.decided !== null) this.#drivers.volume.add(event.data.decided.driver);
    this.#usual.set(event.op, givens.defaults);
    if (event.type === 'network.create.requested' && event.data.decided !== null) {
      const { id, name, driver, subnet, options } = event.data.decided;
      this.#networkDrivers.set(name, driver);
      if (event.data.args?.predefined === true) this.#networks.push({ id, name, driver, options, ...(subnet === '' ? {} : { subnet }) });
    }
    const after = this.#before.begin(this.#milestones.of(event.op) ?? '');
    if (reaction) return;
    const { actor, req, corr, idem, op, seq } = event;
    this.#commands.push({
      seq,
      op,
      verb: command.type,
      args: command.args,
      given: {
        op,
        ids: givens.ids,
        ...(givens.freePorts === undefined ? {} : { freePorts: givens.freePorts }),
        ...(givens.subnets === undefined ? {} : { subnets: givens.subnets }),
        ...(givens.followed === undefined ? {} : { followed: givens.followed }),
      },
      caller: { actor, corr, ...(req === undefined ? {} : { req }), ...(idem === undefined ? {} : { idem }) },
      at,
      after,
    });
  }

  #outcome(event: ShiplogEvent, at: number, known: boolean): void {
    const { result } = event;
    const milestone = this.#milestones.of(event.op);
    const usual = this.#usual.get(event.op);
    this.#usual.delete(event.op);
    if (result === undefined || milestone === undefined) return;
    const { status, steps = {}, error, step } = result;
    this.#outcomes.set(milestone, {
      status,
      at,
      steps,
      cutOff: isRecovered(event),
      ...(error === undefined ? {} : { error }),
      ...(step === undefined ? {} : { step }),
    });
    for (const [label, ms] of Object.entries(steps)) {
      if (label !== step) this.#times.add(stepOf(label), this.#driverOf(label, usual), ms);
    }
    if (!known) return;
    if (
      event.type === 'image.load.succeeded' ||
      event.type === 'image.import.succeeded' ||
      event.type === 'image.commit.succeeded' ||
      event.type === 'image.pull.succeeded'
    )
      this.#archives.set(event.op, event.data.images);
  }

  #driverOf(label: string, usual: EngineDefaults | undefined): string {
    const [step = '', about = ''] = label.split(' ', 2);
    if (step.startsWith('network.')) return this.#networkDrivers.get(about) ?? '';
    if (step.startsWith('storage.')) return usual?.storageDriver ?? '';
    return step.startsWith('runtime.') || step === 'signal' ? (usual?.runtime ?? '') : '';
  }

  done(): Recording {
    if (this.#begin === undefined || this.#defaults === undefined)
      throw new ShiplogError('REQUEST_INVALID', 'the log holds no command, so there is nothing to replay');
    return {
      events: this.#events,
      start: this.#beginning.end(this.#last),
      begin: this.#begin,
      spanMs: this.#span,
      defaults: this.#defaults,
      networks: this.#networks,
      drivers: this.#drivers,
      commands: this.#commands,
      skipped: this.#skipped,
      outcomes: this.#outcomes,
      runs: this.#runs,
      times: this.#times,
      archives: this.#archives,
      verbs: this.#summary.verbs(),
      starts: this.#starts,
    };
  }
}
