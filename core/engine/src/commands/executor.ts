import { type Decision, decide, failed, givensNeeded, succeeded } from '@shiplog/model';
import {
  type AuthorizerVerdict,
  type Admitted,
  type Caller,
  type CommandAnswers,
  type Command,
  type CommandArgs,
  type CommandOf,
  type CommandStreams,
  type CommandType,
  type ContainerRecord,
  type ErrorRecord,
  type EventOf,
  type Given,
  type Givens,
  type NewEvent,
  type Outcomes,
  type Result,
  type ShiplogEvent,
  type Stamp,
  ShiplogError,
} from '@shiplog/contracts';
import { authorize, authorizersFor, authorizedEvent, denialIn } from './authorize.ts';
import type { EngineCore } from '../core.ts';
import { system } from '../system.ts';
import { endedOnNetworks, needsRelease, sharesLayers, soleContainer, sparesReaders } from './exclusion.ts';
import { type Execute, Operation } from './operation.ts';
import { pluginFacts } from '../drivers/plugin-facts.ts';
import { scrubbed } from '../secrets/scrub.ts';
import type { Handler } from '../operations/handler.ts';
import { HANDLERS } from '../operations/table.ts';
import { removeUnstarted, settle } from '../reactors/settle.ts';
import { Settling } from '../reactors/settling.ts';
import { type Turn, Turns } from './turns.ts';

/** What most verbs answer with anyway. */
const NOTHING = {} as never;

/** How long a prune waits for those who follow, and how often it looks at them. Milliseconds. */
const FOLLOWERS_MS = { patience: 2000, look: 50 };

/** How long the removal of a network waits for containers that have ended to give it back. Milliseconds. */
const RELEASE_PATIENCE_MS = 5000;

/** A decision that is in the log. `finished` tells those who wait for its effects, if there are any to come. */
interface Entered {
  readonly decision: Decision;
  readonly admitted: Admitted;
  readonly finished?: PromiseWithResolvers<void>;
}

/** Takes commands to their outcomes: decide, intent on disk, effects, outcome on disk, answer. */
export class Executor {
  readonly #running = new Map<string, Promise<void>>();
  /** With layers and blobs. */
  readonly #layers = new Turns();
  readonly #settling: Settling;
  #stopping = false;

  constructor(private readonly core: EngineCore) {
    this.#settling = new Settling(core, this);
  }

  /** See Engine.execute. */
  readonly execute: Execute = async (type, args, caller, streams) => {
    if (this.#stopping) throw new ShiplogError('ENGINE_STOPPING', 'the engine is stopping');
    return this.carryOut(type, args, caller, streams);
  };

  /** The same for what an operation under way asks, also while the engine is stopping. */
  readonly carryOut: Execute = async (type, asked, asking, streams = {}) => {
    const caller = await this.core.ready(asking);
    const args = await this.core.secrets.seal(type, asked);
    const seq = caller.idem === undefined ? undefined : this.core.ledger.log.findIdempotent(caller.idem);
    try {
      const answer = await (seq === undefined ? this.#inTurn(type, args, caller, streams) : this.#answerAgain(type, seq));
      // A volume may have been there already.
      if (seq !== undefined || type === 'volume.create') await this.#forgetUnused(type, args);
      return answer;
    } catch (error) {
      // Where the log failed nobody knows what it holds; recovery will.
      if (!(error instanceof ShiplogError && error.code === 'LOG_CLOSED')) await this.#forgetUnused(type, args);
      throw error;
    }
  };

  /** Values are sealed before a command is decided; those of one that made nothing must not stay. */
  async #forgetUnused<T extends CommandType>(type: T, args: CommandArgs[T]): Promise<void> {
    const { environment, secrets, ledger, parts } = this.core;
    try {
      await secrets.forgetUnused(type, args, ledger.head);
      if (type === 'container.create' || type === 'exec.create') {
        await environment.forgetUnused((args as CommandArgs['container.create' | 'exec.create']).spec.env, ledger.head);
      }
    } catch (error) {
      // Recovery removes what no record has.
      parts.logger.warn('secret not removed', { error: String(error) });
    }
  }

  async #inTurn<T extends CommandType>(type: T, args: CommandArgs[T], caller: Caller, streams: CommandStreams): Promise<CommandAnswers[T]> {
    const layers = this.#layers.turn();
    try {
      return await this.#perform(type, args, caller, streams, layers);
    } finally {
      layers.end();
    }
  }

  /** Refuses new commands, and resolves when those under way have ended or `ms` have passed. */
  async drain(ms: number): Promise<void> {
    this.#stopping = true;
    const all = Promise.allSettled(this.#running.values());
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, ms).unref())]);
  }

  /** Resolves when no operation is under way on the container. */
  async idle(container: string): Promise<void> {
    for (;;) {
      const busy = this.core.ledger.head.containers.get(container)?.busy;
      const running = busy === undefined ? undefined : this.#running.get(busy.op);
      if (running === undefined) return;
      await running;
    }
  }

  /** Whether an operation is under way that has the container to itself. */
  isBusy({ busy }: ContainerRecord): boolean {
    return busy !== undefined && this.#running.has(busy.op);
  }

  async #perform<T extends CommandType>(
    type: T,
    args: CommandArgs[T],
    caller: Caller,
    streams: CommandStreams,
    layers: Turn,
  ): Promise<CommandAnswers[T]> {
    const { core } = this;
    const { parts } = core;
    const op = streams.given?.op ?? parts.identities.op();
    // The union of all commands is what decide takes; a generic member of it is one of them.
    const bare = { type, args, at: parts.clock.now(), givens: { ids: [], defaults: parts.defaults } } as CommandOf<T> as Command;
    const handler: Handler<T> = HANDLERS[type];
    const { decision, admitted, finished } = await this.#decide(type, args, bare, caller, op, streams.given, layers, (made, verdicts) =>
      this.#enter(type, caused(made, caller.cause), verdicts, core.stamp(caller, op)),
    );
    if (!decision.ok) {
      await admitted.durable;
      const refused = admitted.events.at(-1)?.seq;
      if (type === 'container.start') void removeUnstarted(core, this, (args as CommandArgs['container.start']).container, refused);
      throw ShiplogError.from(decision.refusal);
    }
    const { stream, intent } = decision;
    if (finished === undefined) {
      await admitted.durable;
      return handler.answer((intent.data as { decided: never }).decided, handler.unaffected ?? NOTHING);
    }
    // The intent goes in first.
    const [recorded] = admitted.events as readonly ShiplogEvent[] as readonly [EventOf<`${T}.requested`>];
    const operation = new Operation<T>(core, recorded, type, caller, streams, layers, this.carryOut);
    let isDone = false;
    try {
      await admitted.durable;
      const answer = await this.#takeEffect(operation, handler, finished.resolve);
      isDone = true;
      return answer;
    } finally {
      core.leases.end(op);
      finished.resolve();
      this.#running.delete(op);
      if (stream.startsWith('container/'))
        this.#settling.after(stream.slice('container/'.length), { verb: type, failed: !isDone, outcome: operation.outcome });
    }
  }

  /**
   * Puts a decision into the log, in one go with deciding it: whoever decides next sees it. A refusal, and what has no effect, is
   * finished with that.
   */
  #enter<T extends CommandType>(type: T, decision: Decision, verdicts: readonly AuthorizerVerdict[], stamp: Stamp): Entered {
    const { ledger } = this.core;
    const authorized = verdicts.length === 0 ? [] : [authorizedEvent(type, decision.intent, verdicts)];
    const events = [decision.intent, ...authorized];
    if (!decision.ok) {
      const outcome = failed(type, decision.stream, { status: 'refused', ms: 0, error: decision.refusal });
      return { decision, admitted: ledger.append({ stamp, events: [...events, outcome] }) };
    }
    const { stream, conditions, expected, effectless } = decision;
    if (effectless) {
      const handler: Handler<T> = HANDLERS[type];
      const outcome = succeeded(type, stream, handler.unaffected ?? NOTHING, { status: 'ok', ms: 0 });
      return { decision, admitted: ledger.append({ stamp, events: [...events, outcome], conditions, expected }) };
    }
    const admitted = ledger.append({ stamp, events, conditions, expected });
    const finished = Promise.withResolvers<void>();
    this.#running.set(stamp.op, finished.promise);
    return { decision, admitted, finished };
  }

  /**
   * Decides when it is the command's turn, and has authorizers judge what was decided. Both take moments in which somebody
   * may come first: it is decided again, and what differs is judged again. `enter` gets the decision in the moment it is made.
   */
  async #decide<T extends CommandType, R>(
    type: T,
    args: CommandArgs[T],
    bare: Command,
    caller: Caller,
    op: string,
    given: Given | undefined,
    layers: Turn,
    enter: (decision: Decision, verdicts: readonly AuthorizerVerdict[]) => R,
  ): Promise<R> {
    const { ledger } = this.core;
    let judged: { readonly intent: string; readonly verdicts: readonly AuthorizerVerdict[] } | undefined;
    let givens: Givens | undefined;
    let avoided: ReadonlySet<number> = new Set();
    for (;;) {
      const released = await this.#takeTurn(type, args, caller, layers);
      givens ??= await this.#givens(bare, given, (ports) => (avoided = ports));
      // Ports that came with the command are what they are.
      const offered = given?.freePorts === undefined ? (givens.freePorts ?? []) : [];
      if (this.#mustWait(type, args, layers, released) || this.#werePromised(offered, avoided)) {
        givens = undefined;
        continue;
      }
      const decision = decide(ledger.head, { ...bare, givens });
      const authorizers = decision.ok ? authorizersFor(this.core, caller) : [];
      if (authorizers.length === 0) return enter(decision, []);
      const intent = JSON.stringify(decision.intent);
      if (judged?.intent === intent) return enter(deniedBy(judged.verdicts, decision), judged.verdicts);
      const verdicts = await authorize(this.core, authorizers, type, decision.intent, caller, op);
      judged = { intent, verdicts };
    }
  }

  async #takeEffect<T extends CommandType>(op: Operation<T>, handler: Handler<T>, admitted: () => void): Promise<CommandAnswers[T]> {
    const { ledger, parts } = this.core;
    const { intent, verb } = op;
    const began = parts.clock.ms();
    const result = (status: Result['status'], error?: ErrorRecord): Result => ({
      status,
      ms: Math.round((parts.clock.ms() - began) * 1000) / 1000,
      ...(error === undefined ? {} : { error }),
      ...(op.failedStep === undefined || error === undefined ? {} : { step: op.failedStep }),
      steps: op.stepTimes,
    });
    try {
      const outcome = await handler.run(op);
      const event = { ...succeeded(verb, intent.stream, outcome, result('ok')), cause: intent.seq };
      const { events, durable } = ledger.append({ stamp: op.stamp(), events: [event] });
      op.outcome = events[0]?.seq;
      admitted();
      await durable;
      return handler.answer(intent.data.decided as never, outcome);
    } catch (thrown) {
      const error = scrubbed(ShiplogError.wrap(thrown), op.secrets, this.core.secrets.rules);
      ledger.note(error);
      if (error.code === 'LOG_CLOSED') throw error;
      if (error.class === 'bug') this.core.parts.logger.error(`${verb} failed`, { op: intent.op, error: error.stack, cause: error.cause });
      await op.undo();
      const event = {
        ...failed(verb, intent.stream, result(error.code === 'CANCELED' ? 'canceled' : 'failed', error.toRecord())),
        cause: intent.seq,
      };
      const { events, durable } = ledger.append({ stamp: op.stamp(), events: [event] });
      op.outcome = events[0]?.seq;
      admitted();
      await durable;
      throw error;
    }
  }

  /**
   * Waits until a verb that needs a container to itself, or layers, may have them: the container first, since whoever keeps one busy waits for no layers.
   * False if what the container's last run holds could not be given back, as where a driver fails: then it is not waited for.
   */
  async #takeTurn<T extends CommandType>(type: T, args: CommandArgs[T], caller: Caller, layers: Turn): Promise<boolean> {
    if (type === 'container.prune')
      await Promise.all(
        (args as CommandArgs['container.prune']).containers.map(async (id) => {
          await this.idle(id);
          await this.core.filesOfContainers.unused(id);
        }),
      );
    await this.#releaseNetworks(type, args);
    const container = soleContainer(this.core.ledger.head, type, args);
    const released = container === undefined || (await this.#takeContainer(type, args, container, caller));
    if (sharesLayers(this.core.ledger.head, type, args)) await layers.take();
    return released;
  }

  /** Has containers that ended give back the networks that are to go. One that takes long, as where a driver is stuck, keeps its network. */
  async #releaseNetworks<T extends CommandType>(type: T, args: CommandArgs[T]): Promise<void> {
    const ended = endedOnNetworks(this.core.ledger.head, type, args);
    if (ended.length === 0) return;
    const released = Promise.all(
      ended.map(async ({ id }) => {
        await this.idle(id);
        await settle(this.core, this, id);
      }),
    );
    const patience = Promise.withResolvers<void>();
    const forget = this.core.parts.clock.after(RELEASE_PATIENCE_MS, patience.resolve);
    await Promise.race([released, patience.promise]);
    forget();
  }

  /** A forced removal does not wait for a stop's patience to run out; a start first has what an earlier run still holds given back. */
  async #takeContainer<T extends CommandType>(
    type: T,
    args: CommandArgs[T],
    { id, busy }: ContainerRecord,
    caller: Caller,
  ): Promise<boolean> {
    const { force } = args as { readonly force?: boolean };
    if (type === 'container.remove' && force === true && (busy?.verb === 'container.stop' || busy?.verb === 'container.restart')) {
      await this.execute(
        'container.kill',
        { container: id, signal: 'KILL' },
        { ...system('forced-removal'), corr: caller.corr ?? busy.op },
      ).catch((error: unknown) => this.core.parts.logger.debug('nothing to kill before a forced removal', { id, error: String(error) }));
    }
    const { filesOfContainers } = this.core;
    const free = async (): Promise<void> => {
      await this.idle(id);
      if (!sparesReaders(type)) await filesOfContainers.unused(id);
    };
    // Whoever copies files of a container that is being removed by force is done with it.
    await (type === 'container.remove' && force === true ? filesOfContainers.forbid(id, free) : free());
    const { containers } = this.core.ledger.head;
    if (!needsRelease(type, containers.get(id))) return true;
    await settle(this.core, this, id);
    const now = containers.get(id);
    return !needsRelease(type, now) || (now !== undefined && this.isBusy(now));
  }

  /** Whether somebody came first after all. */
  #mustWait<T extends CommandType>(type: T, args: CommandArgs[T], layers: Turn, released: boolean): boolean {
    const { head } = this.core.ledger;
    const { filesOfContainers } = this.core;
    if (!layers.taken && sharesLayers(head, type, args)) return true;
    if (type === 'container.prune' && (args as CommandArgs['container.prune']).containers.some((id) => filesOfContainers.areUsed(id)))
      return true;
    const container = soleContainer(head, type, args);
    if (container === undefined || this.#stopping) return false;
    return (
      this.isBusy(container) ||
      (released && needsRelease(type, container)) ||
      (!sparesReaders(type) && filesOfContainers.areUsed(container.id))
    );
  }

  /** `avoids` is told which ports were promised when free ones were looked for. */
  async #givens(command: Command, given: Given | undefined, avoids: (ports: ReadonlySet<number>) => void): Promise<Givens> {
    const { identities, defaults, host } = this.core.parts;
    const needed = givensNeeded(this.core.ledger.head, command);
    const ids = Array.from({ length: needed.ids }, (_, index) => given?.ids[index] ?? identities.hex());
    const followed =
      needed.followed === undefined ? undefined : given === undefined ? await this.#followedBefore(needed.followed) : given.followed;
    const plugin = 'plugin' in command.args ? pluginFacts(this.core.parts, command.args.plugin) : undefined;
    return {
      ids,
      ...(needed.ports === 0 ? {} : { freePorts: given?.freePorts ?? (await this.#freePorts(needed.ports, avoids)) }),
      ...(followed === undefined ? {} : { followed }),
      ...(needed.subnets === true ? { subnets: given === undefined ? await host.subnets() : (given.subnets ?? []) } : {}),
      defaults,
      ...(plugin === undefined ? {} : { plugin }),
    };
  }

  /** Ports free now and not promised to another container. */
  async #freePorts(count: number, avoids: (ports: ReadonlySet<number>) => void): Promise<readonly number[]> {
    const promised = this.#promisedPorts();
    avoids(promised);
    const ctx = { op: this.core.parts.identities.op(), signal: new AbortController().signal };
    const args = { count, avoid: [...promised] };
    const { ports } = (await this.core.call('network', 'bridge', 'freePorts', args, ctx)) as { ports: number[] };
    return ports;
  }

  /** Whether somebody was promised one of these ports after `before`. */
  #werePromised(ports: readonly number[], before: ReadonlySet<number>): boolean {
    if (ports.length === 0) return false;
    const promised = this.#promisedPorts();
    return ports.some((port) => promised.has(port) && !before.has(port));
  }

  #promisedPorts(): ReadonlySet<number> {
    const all = this.core.ledger.head.containers
      .values()
      .flatMap(({ endpoints }) => Object.values(endpoints).flatMap(({ ports }) => ports));
    return new Set(all.map(({ hostPort }) => hostPort).filter((port) => port !== 0));
  }

  /** The first position that somebody who follows has not been given, if it is before `end` and stays so: who keeps up is there in a moment. */
  async #followedBefore(end: number): Promise<number | undefined> {
    const { clock } = this.core.parts;
    const { log } = this.core.ledger;
    for (let waited = 0; ; waited += FOLLOWERS_MS.look) {
      const { followedSeq } = log;
      if (followedSeq === undefined || followedSeq >= end) return undefined;
      if (waited >= FOLLOWERS_MS.patience || this.#stopping) return followedSeq;
      await new Promise<void>((resolve) => void clock.after(FOLLOWERS_MS.look, resolve));
    }
  }

  async #answerAgain<T extends CommandType>(type: T, seq: number): Promise<CommandAnswers[T]> {
    const { log } = this.core.ledger;
    using _held = log.hold(seq);
    await log.flushed();
    let intent: ShiplogEvent | undefined;
    for await (const event of log.read({ from: seq, to: seq })) intent = event;
    if (intent === undefined || intent.type !== `${type}.requested`) {
      throw new ShiplogError('REQUEST_INVALID', 'this idempotency key was used for another command', { seq, type });
    }
    await this.#running.get(intent.op);
    await log.flushed();
    for await (const event of log.readStream(intent.stream, intent.rev)) {
      if (event.op !== intent.op || event.kind !== 'outcome') continue;
      if (event.result?.error !== undefined) throw ShiplogError.from(event.result.error);
      const handler: Handler<T> = HANDLERS[type];
      return handler.answer((intent.data as { decided: never }).decided, event.data as Outcomes[T]);
    }
    throw new ShiplogError('CANCELED', 'the first command with this idempotency key has no outcome', { seq });
  }
}

/** The decision, turned into a refusal if one of the verdicts denies it: then nothing was decided. */
function deniedBy(verdicts: readonly AuthorizerVerdict[], decision: Decision): Decision {
  const denial = denialIn(verdicts);
  if (denial === undefined) return decision;
  const { stream, intent } = decision;
  const { tags: _, ...claimless } = intent;
  return { ok: false, stream, intent: { ...claimless, data: { ...intent.data, decided: null } } as NewEvent, refusal: denial.toRecord() };
}

/** The decision, with what made the engine ask for it. */
function caused(decision: Decision, cause: number | undefined): Decision {
  return cause === undefined ? decision : { ...decision, intent: { ...decision.intent, cause } };
}
