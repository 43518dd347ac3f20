import {
  ERRORS,
  type ErrorCode,
  type ErrorRecord,
  type Json,
  type OperationContext,
  ShiplogError,
  type ShiplogEvent,
} from '@shiplog/contracts';
import type { DriverLog } from '../services.ts';
import { type Ask, type Hello, type Note, type ToGuest, type ToHost, type Welcome, WIRE_VERSION } from './message.ts';
import type { Wire } from './wire.ts';

/** What a connection needs of its host. */
export interface ConnectionHost {
  readonly note: (note: Note) => void;
  /** The log that drivers read. */
  readonly log: DriverLog;
  /** Milliseconds that a guest has to react to a cancellation, and again to a ping, before it is taken for hung. */
  readonly patienceMs: number;
}

/** The guest is gone: what was asked of it may be asked again of the next one. */
export class GuestGone extends Error {
  override readonly name = 'GuestGone';
}

interface PendingCall {
  readonly ctx: OperationContext;
  readonly settle: (result: { readonly answer: unknown } | { readonly error: Error }) => void;
  /** Steps that the guest is doing: told which ask wants to know when the record is durable, and what the step answered. */
  readonly steps: Map<string, (ask: number, value: Json | undefined) => void>;
}

/** The host's end of a connection to a guest. What it is told is checked: a guest that breaks the protocol is cut off. */
export class GuestConnection {
  readonly hello: Promise<Hello>;
  /** Resolves when the connection is no more, with the reason if there is one. */
  readonly ended: Promise<Error | undefined>;
  /** Resolves when the guest reacts neither to a cancellation nor to a ping. */
  readonly hung: Promise<void>;
  readonly #wire: Wire<ToGuest, ToHost>;
  readonly #host: ConnectionHost;
  readonly #calls = new Map<number, PendingCall>();
  readonly #pongs = new Map<number, () => void>();
  readonly #hello = Promise.withResolvers<Hello>();
  readonly #ended = Promise.withResolvers<Error | undefined>();
  readonly #hung = Promise.withResolvers<void>();
  readonly #gone = new AbortController();
  #numbers = 0;

  constructor(wire: Wire<ToGuest, ToHost>, host: ConnectionHost) {
    this.#wire = wire;
    this.#host = host;
    this.hello = this.#hello.promise;
    this.ended = this.#ended.promise;
    this.hung = this.#hung.promise;
    this.hello.catch(() => undefined);
    wire.listen(
      (message) => this.#hear(message),
      (error) => this.end(error),
    );
  }

  welcome(drivers: Welcome['drivers']): void {
    this.#wire.send({ t: 'welcome', api: WIRE_VERSION, drivers });
  }

  /**
   * Resolves with the guest's answer, unchecked; rejects with what it says, also when it has ended what was canceled, at once with DEADLINE_EXCEEDED, or
   * {@link GuestGone}.
   */
  call(driver: string, verb: string, args: object, ctx: OperationContext): Promise<unknown> {
    if (this.#gone.signal.aborted) return Promise.reject(new GuestGone('it has ended'));
    this.#numbers += 1;
    const id = this.#numbers;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        const error = abortReason(ctx.signal);
        this.#wire.send({ t: 'cancel', id, error: error.toRecord() });
        void this.#watch(id);
        if (error.code === 'DEADLINE_EXCEEDED') reject(error);
      };
      this.#calls.set(id, {
        ctx,
        steps: new Map(),
        settle: (result) => {
          this.#calls.delete(id);
          ctx.signal.removeEventListener('abort', abort);
          if ('error' in result) reject(result.error);
          else resolve(result.answer);
        },
      });
      this.#wire.send({ t: 'call', id, driver, verb, args, op: ctx.op });
      if (ctx.signal.aborted) abort();
      else ctx.signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Whether it answers a ping in time. */
  async isAlive(ms: number): Promise<boolean> {
    this.#numbers += 1;
    const n = this.#numbers;
    const pong = new Promise<boolean>((resolve) => this.#pongs.set(n, () => resolve(true)));
    this.#wire.send({ t: 'ping', n });
    try {
      return await Promise.race([pong, after(ms)]);
    } finally {
      this.#pongs.delete(n);
    }
  }

  /** Asks it to end when what is under way is done. */
  bye(): void {
    this.#wire.send({ t: 'bye' });
  }

  /** Cuts it off: all calls fail {@link GuestGone}. */
  end(error?: Error): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#wire.close();
    const gone = new GuestGone(error?.message ?? 'it closed the connection', { cause: error });
    this.#hello.reject(gone);
    for (const call of this.#calls.values()) call.settle({ error: gone });
    this.#ended.resolve(error);
  }

  #hear(message: ToHost): void {
    switch (message.t) {
      case 'hello':
        return this.#greet(message);
      case 'res':
        return this.#calls.get(message.id)?.settle('error' in message ? { error: errorOf(message.error) } : { answer: message.answer });
      case 'ask':
        return void this.#answer(message);
      case 'note':
        return this.#host.note(message);
      case 'progress':
        return this.#calls.get(message.id)?.ctx.progress(message.progress);
      case 'pong':
        return this.#pongs.get(message.n)?.();
      default:
        this.end(new ShiplogError('DRIVER_FAILED', `it sent a message of unknown type "${String((message as { t?: unknown }).t)}"`));
    }
  }

  #greet(hello: Hello): void {
    if (Array.isArray(hello.api) && typeof hello.plugin?.name === 'string' && Array.isArray(hello.drivers)) this.#hello.resolve(hello);
    else this.end(new ShiplogError('PLUGIN_INVALID', 'its hello lacks api, plugin or drivers'));
  }

  async #answer(ask: Ask): Promise<void> {
    try {
      if (ask.what === 'log') this.#wire.send({ t: 'ans', ask: ask.ask, ...(await this.#page(ask)) });
      else if (ask.what === 'step') await this.#step(ask);
      else if (ask.what === 'record') this.#record(ask);
      else this.end(new ShiplogError('DRIVER_FAILED', `it asked for "${String((ask as { what?: unknown }).what)}"`));
    } catch (error) {
      this.#wire.send({ t: 'ans', ask: ask.ask, error: ShiplogError.wrap(error).toRecord() });
    }
  }

  /** The journal is the caller's: the guest is told to do the step, and has it recorded, in the middle of the caller's own step. */
  async #step(ask: Extract<Ask, { what: 'step' }>): Promise<void> {
    const call = this.#calls.get(ask.call);
    if (call === undefined) throw new ShiplogError('CANCELED', 'the call has ended');
    let replyTo = ask.ask;
    try {
      const value = await call.ctx.step<Json | void>(ask.step, () => {
        const done = Promise.withResolvers<Json | undefined>();
        call.steps.set(ask.step, (from, answer) => {
          replyTo = from;
          done.resolve(answer);
        });
        this.#wire.send({ t: 'ans', ask: ask.ask, todo: true });
        return done.promise;
      });
      this.#wire.send({ t: 'ans', ask: replyTo, ...(value === undefined ? {} : { value }) });
    } catch (error) {
      this.#wire.send({ t: 'ans', ask: replyTo, error: ShiplogError.wrap(error).toRecord() });
    }
  }

  #record(ask: Extract<Ask, { what: 'record' }>): void {
    const steps = this.#calls.get(ask.call)?.steps;
    const done = steps?.get(ask.step);
    if (done === undefined) throw new ShiplogError('DRIVER_FAILED', `step ${ask.step} was not begun, or its call has ended`);
    steps?.delete(ask.step);
    done(ask.ask, ask.value);
  }

  async #page(ask: Extract<Ask, { what: 'log' }>): Promise<{ readonly events: readonly ShiplogEvent[]; readonly durableSeq: number }> {
    const { log } = this.#host;
    const events: ShiplogEvent[] = [];
    if (ask.wait && log.durableSeq < ask.from) {
      for await (const event of log.follow({ from: ask.from, signal: this.#gone.signal })) {
        events.push(event);
        break;
      }
    } else {
      for await (const event of log.read({
        ...(ask.from === 0 ? {} : { from: ask.from }),
        to: Math.min(log.durableSeq, ask.from + ask.limit - 1),
      }))
        events.push(event);
    }
    return { events, durableSeq: log.durableSeq };
  }

  /** A call was canceled. A guest that neither ends it nor answers a ping is hung. */
  async #watch(id: number): Promise<void> {
    await after(this.#host.patienceMs);
    if (!this.#calls.has(id) || this.#gone.signal.aborted) return;
    if (!(await this.isAlive(this.#host.patienceMs))) this.#hung.resolve();
  }
}

/** False, a while from now; keeps no process. */
function after(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}

function abortReason(signal: AbortSignal): ShiplogError {
  const reason: unknown = signal.reason;
  if (reason instanceof ShiplogError) return reason;
  const late = reason instanceof Error && reason.name === 'TimeoutError';
  return new ShiplogError(late ? 'DEADLINE_EXCEEDED' : 'CANCELED', late ? 'the deadline has passed' : 'the caller went away');
}

/** Codes are a closed set: what a guest makes up is a failure of the driver, with its words. */
function errorOf(record: ErrorRecord): ShiplogError {
  const message = typeof record?.message === 'string' && record.message !== '' ? record.message : 'it failed and did not say why';
  const known = typeof record?.code === 'string' && Object.hasOwn(ERRORS, record.code);
  const code: ErrorCode = known ? record.code : 'DRIVER_FAILED';
  return new ShiplogError(code, message, typeof record?.facts === 'object' && record.facts !== null ? record.facts : {});
}
