import {
  createContext,
  type DriverKind,
  type Json,
  type Kernel,
  type Probe,
  ShiplogError,
  type ShiplogEvent,
  VERB_TABLES,
} from '@shiplog/contracts';
import type { DriverDefinition, PluginDefinition } from '../define-plugin.ts';
import { instantiate, type ScopedDriver } from '../scope.ts';
import type { DriverLog, DriverServices, Logger } from '../services.ts';
import type { Answer, Ask, Call, ToGuest, ToHost, Welcome } from './message.ts';
import type { Wire } from './wire.ts';

/** Events of the log a guest is given at once. */
const PAGE = 64;

/**
 * Serves a plugin's drivers over a wire until the other side is gone or says bye. Each driver is made for the first call that
 * needs it. `kernel` is asked for once, by families that touch the host.
 */
export function serveGuest(wire: Wire<ToHost, ToGuest>, plugin: PluginDefinition, kernel: () => Promise<Kernel>): Promise<void> {
  return new Guest(wire, plugin, kernel).ended;
}

/** An ask without its number. */
type Question = Ask extends infer A ? (A extends Ask ? Omit<A, 't' | 'ask'> : never) : never;

class Guest {
  readonly ended: Promise<void>;
  readonly #wire: Wire<ToHost, ToGuest>;
  readonly #plugin: PluginDefinition;
  readonly #kernel: () => Promise<Kernel>;
  readonly #welcome = Promise.withResolvers<Welcome>();
  readonly #made = new Map<string, Promise<ScopedDriver<DriverKind>>>();
  readonly #calls = new Map<number, AbortController>();
  readonly #asks = new Map<number, (answer: Answer) => void>();
  #numbers = 0;

  constructor(wire: Wire<ToHost, ToGuest>, plugin: PluginDefinition, kernel: () => Promise<Kernel>) {
    this.#wire = wire;
    this.#plugin = plugin;
    this.#kernel = kernel;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    wire.listen(
      (message) => this.#hear(message),
      () => resolve(),
    );
    const { api, ...manifest } = plugin.manifest;
    wire.send({ t: 'hello', api, plugin: manifest, drivers: plugin.drivers.map((driver) => driver.manifest) });
  }

  #hear(message: ToGuest): void {
    switch (message.t) {
      case 'welcome':
        return this.#welcome.resolve(message);
      case 'call':
        return void this.#answer(message);
      case 'cancel':
        return this.#calls.get(message.id)?.abort(ShiplogError.from(message.error));
      case 'ans': {
        const take = this.#asks.get(message.ask);
        this.#asks.delete(message.ask);
        return take?.(message);
      }
      case 'ping':
        return this.#wire.send({ t: 'pong', n: message.n });
      case 'bye':
        return void this.#end();
    }
  }

  async #answer(call: Call): Promise<void> {
    const { id } = call;
    const canceled = new AbortController();
    this.#calls.set(id, canceled);
    try {
      const answer = (await this.#perform(call, canceled.signal)) as Json;
      this.#send({ t: 'res', id, answer: answer ?? null });
    } catch (error) {
      this.#send({ t: 'res', id, error: ShiplogError.wrap(error, 'DRIVER_FAILED').toRecord() });
    } finally {
      this.#calls.delete(id);
    }
  }

  /** What cannot be sent, such as a function, is a failure of the driver that answered it. */
  #send(result: Extract<ToHost, { t: 'res' }>): void {
    try {
      this.#wire.send(result);
    } catch (error) {
      const record = ShiplogError.wrap(error, 'DRIVER_FAILED').toRecord();
      this.#wire.send({ t: 'res', id: result.id, error: { ...record, message: `the answer is not plain data: ${record.message}` } });
    }
  }

  async #perform({ id, driver: key, verb, args, op }: Call, signal: AbortSignal): Promise<unknown> {
    const definition = this.#plugin.drivers.find(({ manifest }) => `${manifest.kind}/${manifest.name}` === key);
    if (definition === undefined) throw new ShiplogError('DRIVER_NOT_FOUND', `this plugin has no driver ${key}`, { driver: key });
    if (verb === 'probe') return this.#probe(definition);
    const { driver } = await this.#driver(key, definition);
    const { kind } = definition.manifest;
    const known = verb === 'observe' || (kind in VERB_TABLES && Object.hasOwn(VERB_TABLES[kind as keyof typeof VERB_TABLES], verb));
    const method: unknown = driver[verb as keyof typeof driver];
    if (!known || typeof method !== 'function') throw new ShiplogError('NOT_SUPPORTED', `driver ${key} has no verb ${verb}`, { verb });
    if (verb === 'observe') return method.call(driver);
    const ctx = createContext({
      op,
      signal,
      progress: (progress) => this.#wire.send({ t: 'progress', id, progress }),
      journal: {
        find: async (step) => {
          const answer = await this.#ask({ what: 'step', call: id, step });
          if ('todo' in answer) return undefined;
          return 'value' in answer && answer.value !== undefined ? { value: answer.value } : {};
        },
        record: async (step, value) =>
          void (await this.#ask({ what: 'record', call: id, step, ...(value === undefined ? {} : { value }) })),
      },
    });
    return method.call(driver, args, ctx);
  }

  async #probe(definition: DriverDefinition): Promise<Probe> {
    return (await definition.probe?.(await this.#services(definition))) ?? { usable: true };
  }

  #driver(key: string, definition: DriverDefinition): Promise<ScopedDriver<DriverKind>> {
    let made = this.#made.get(key);
    if (made === undefined) {
      made = this.#services(definition).then((services) => instantiate(definition, services));
      this.#made.set(key, made);
      // One that could not be made is tried again at the next call.
      made.catch(() => this.#made.delete(key));
    }
    return made;
  }

  async #services({ manifest: { kind, name } }: DriverDefinition): Promise<DriverServices> {
    const given = (await this.#welcome.promise).drivers[`${kind}/${name}`];
    if (given === undefined) throw new ShiplogError('DRIVER_NOT_FOUND', `the engine welcomed no driver ${kind}/${name}`);
    const needsKernel = kind !== 'authorizer' && kind !== 'projection';
    return {
      home: given.home,
      options: given.options,
      logger: this.#logger(),
      log: this.#log(),
      kernel: needsKernel ? await this.#kernel() : noKernel(kind),
    };
  }

  #logger(): Logger {
    const at =
      (level: 'debug' | 'info' | 'warn' | 'error') =>
      (message: string, facts?: { readonly [fact: string]: unknown }): void =>
        // Facts may be anything; the wire takes plain data.
        this.#wire.send({ t: 'note', level, message, ...(facts === undefined ? {} : { facts: JSON.parse(JSON.stringify(facts)) }) });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  /** The engine's log, page by page. */
  #log(): DriverLog {
    const page = async (from: number, limit: number, wait: boolean) => {
      const answer = await this.#ask({ what: 'log', from, limit, wait });
      if (!('events' in answer)) throw new ShiplogError('DRIVER_FAILED', 'the engine answered with no events');
      known.durableSeq = answer.durableSeq;
      return answer.events;
    };
    const known = { durableSeq: -1 };
    async function* pages(from: number, to: number, wait: boolean, signal?: AbortSignal): AsyncGenerator<ShiplogEvent, void, undefined> {
      for (let next = from; next <= to && signal?.aborted !== true;) {
        const events = await page(next, Math.min(PAGE, to - next + 1), wait);
        if (events.length === 0) return;
        next += events.length;
        yield* events;
      }
    }
    return {
      get durableSeq() {
        return known.durableSeq;
      },
      read: ({ from = 0, to = Number.MAX_SAFE_INTEGER } = {}) => pages(from, to, false),
      async *readStream(stream, fromRev = 0) {
        for await (const event of pages(0, Number.MAX_SAFE_INTEGER, false))
          if (event.stream === stream && event.rev >= fromRev) yield event;
      },
      follow: ({ from = 0, signal }) => pages(from, Number.MAX_SAFE_INTEGER, true, signal),
    };
  }

  #ask(question: Question): Promise<Answer> {
    this.#numbers += 1;
    const ask = this.#numbers;
    return new Promise((resolve, reject) => {
      this.#asks.set(ask, (answer) => ('error' in answer ? reject(ShiplogError.from(answer.error)) : resolve(answer)));
      this.#wire.send({ t: 'ask', ask, ...question } as Ask);
    });
  }

  /** Lets calls under way end, then what drivers hold. */
  async #end(): Promise<void> {
    while (this.#calls.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const made of this.#made.values())
      await made
        .then((scoped) => scoped.dispose())
        .catch((error: unknown) => this.#logger().error('not disposed', { error: String(error) }));
    this.#wire.close();
  }
}

function noKernel(kind: DriverKind): Kernel {
  return new Proxy({} as Kernel, {
    get() {
      throw new ShiplogError('NOT_SUPPORTED', `a driver of family ${kind} has no business with the kernel`, { kind });
    },
  });
}
