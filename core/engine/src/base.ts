import {
  type Caller,
  type ContextParts,
  createContext,
  DEADLINE_MS,
  type DriverFamilies,
  type NewEvent,
  type OperationContext,
  type RequestFacts,
  ShiplogError,
  type Stamp,
  VERB_TABLES,
  type VerbKind,
  type VerbTable,
} from '@shiplog/contracts';
import { checkAnswer } from '@shiplog/contracts/check';
import { Environment } from './containers/environment.ts';
import type { Ledger } from './state/ledger.ts';
import type { EngineParts } from './ports.ts';
import { ImageSecrets } from './secrets/image-secrets.ts';
import { redact } from './secrets/redact.ts';
import { mapStrings, Secrets } from './secrets/secrets.ts';
import { Subjects } from './commands/subjects.ts';
import { system } from './system.ts';

/** How long a driver that changes things has for ending what was canceled: what takes it back must not come before that. Milliseconds. */
export const ENDING_MS = 10_000;

/** What everything in the engine stands on: the parts, the ledger, secrets, and how to call a driver and to record a fact. */
export class EngineBase {
  readonly environment: Environment;
  readonly secrets: Secrets;
  readonly images: ImageSecrets;
  readonly subjects: Subjects;
  /** What all events of one request say of it. */
  readonly #requests = new WeakMap<RequestFacts, RequestFacts>();

  constructor(
    readonly parts: EngineParts,
    readonly ledger: Ledger,
  ) {
    this.environment = new Environment(parts);
    this.secrets = new Secrets(parts);
    this.images = new ImageSecrets(parts);
    this.subjects = new Subjects(parts);
  }

  /** A caller that events may be stamped with: its actor can be sealed, and its idempotency key tells no secret. */
  async ready(caller: Caller): Promise<Caller> {
    await this.subjects.ready(caller.actor);
    if (caller.idem === undefined) return caller;
    const idem = await this.secrets.idempotencyKey(caller.idem);
    return idem === caller.idem ? caller : { ...caller, idem };
  }

  /** The same for what is no command: asked again, it is done again, and the key stays free for one. */
  readyKeyless(caller: Caller): Promise<Caller> {
    const { idem: _, ...keyless } = caller;
    return this.ready(keyless);
  }

  /** The stamp of events appended now. The caller must be {@link ready}. */
  stamp(caller: Caller, op: string): Stamp {
    const { clock } = this.parts;
    return {
      op,
      corr: caller.corr ?? op,
      t: clock.now(),
      mono: clock.mono(),
      actor: this.subjects.sealed(caller.actor),
      ...(caller.req === undefined ? {} : { req: this.#cleared(caller.req) }),
      ...(caller.idem === undefined ? {} : { idem: caller.idem }),
    };
  }

  /** A request without the secrets that its client says of itself. The same one where there are none. */
  #cleared(req: RequestFacts): RequestFacts {
    let known = this.#requests.get(req);
    if (known === undefined) {
      known = mapStrings(req, (text) => redact(text, this.secrets.rules));
      this.#requests.set(req, known);
    }
    return known;
  }

  /**
   * Calls a driver's verb. Resolves with its answer, which fits the verb table; fails DEADLINE_EXCEEDED, CANCELED, DRIVER_FAILED, or
   * what the driver throws, as a ShiplogError. A driver that goes on after its deadline is not waited for; one that goes on after the caller went away is, for
   * `endingMs`, and what it answers then counts.
   */
  async call<K extends VerbKind>(
    kind: K,
    name: string,
    verb: string,
    args: unknown,
    ctx: ContextParts,
    { endingMs = 0 }: { readonly endingMs?: number } = {},
  ): Promise<unknown> {
    const driver = this.parts.drivers.get(kind, name);
    const deadlineMs = this.#deadline(kind, name, verb);
    const deadline = this.parts.clock.deadline(deadlineMs);
    const signal = AbortSignal.any([ctx.signal, deadline]);
    const method = driver[verb as keyof DriverFamilies[K]] as ((args: unknown, ctx: OperationContext) => Promise<unknown>) | undefined;
    if (method === undefined) throw new ShiplogError('NOT_SUPPORTED', `driver ${kind}/${name} has no ${verb}`, { kind, name, verb });
    try {
      // A driver is not told to begin what nobody waits for.
      signal.throwIfAborted();
      const work = method.call(driver, args, createContext({ ...ctx, signal }));
      const answer = await this.#patiently(work, deadline, ctx.signal, endingMs);
      checkAnswer(kind, name, verb, answer);
      return answer;
    } catch (error) {
      if (deadline.aborted) {
        throw new ShiplogError(
          'DEADLINE_EXCEEDED',
          `driver ${kind}/${name} did not finish ${verb} within ${deadlineMs / 1000} s`,
          { kind, name, verb },
          { cause: error },
        );
      }
      if (ctx.signal.aborted)
        throw new ShiplogError('CANCELED', `${verb} was canceled: the caller went away`, { kind, name, verb }, { cause: error });
      if (!(error instanceof ShiplogError))
        this.parts.logger.error('driver failed', { kind, name, verb, error: error instanceof Error ? error.stack : String(error) });
      throw ShiplogError.wrap(error, 'DRIVER_FAILED', { kind, name, verb });
    }
  }

  /** Lets the caller go at the deadline, or `endingMs` after it went away, even if a driver never answers. */
  #patiently<R>(work: Promise<R>, deadline: AbortSignal, gone: AbortSignal, endingMs: number): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    let forget = (): void => undefined;
    const late = (): void => reject(deadline.reason);
    const leave = (): void => {
      if (endingMs === 0) reject(gone.reason);
      else forget = this.parts.clock.after(endingMs, () => reject(gone.reason));
    };
    deadline.addEventListener('abort', late, { once: true });
    gone.addEventListener('abort', leave, { once: true });
    if (deadline.aborted) late();
    // The driver may have been what made it so.
    if (gone.aborted) leave();
    work.then(resolve, reject);
    return promise.finally(() => {
      deadline.removeEventListener('abort', late);
      gone.removeEventListener('abort', leave);
      forget();
    });
  }

  /** What the manifest says, or else the verb table. */
  #deadline(kind: VerbKind, name: string, verb: string): number {
    const manifest = this.parts.drivers.list().find((driver) => driver.kind === kind && driver.name === name);
    const table: VerbTable = VERB_TABLES[kind];
    return manifest?.deadlines?.[verb] ?? table[verb]?.deadlineMs ?? DEADLINE_MS;
  }

  /** Records that reality and log differ. */
  drift(kind: string, resource: string, expected: string, found: string): void {
    this.parts.logger.warn('drift', { kind, resource, expected, found });
    this.observe({ stream: 'engine', type: 'host.drifted', kind: 'observed', data: { kind, resource, expected, found } }, 'observe');
  }

  /** Appends facts that nobody's command caused. */
  observe(event: NewEvent | readonly NewEvent[], reason: string): Promise<void> {
    const op = this.parts.identities.op();
    const events = Array.isArray(event) ? (event as readonly NewEvent[]) : [event as NewEvent];
    return this.ledger.append({ stamp: this.stamp(system(reason), op), events }).durable;
  }
}
