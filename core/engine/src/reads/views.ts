import { type Json, ShiplogError, type ShiplogEvent, type Views } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';

/** Events a projection is handed at once. */
const BATCH = 256;

interface Cursor {
  /** Position of the first event the projection has folded, and of the first that it has not. */
  first: number;
  next: number;
  /** Folding for one question ends before the next begins. */
  turn: Promise<unknown>;
}

/** Feeds projections from the log when somebody asks, as far as it is durable then. A projection that nobody asks costs nothing. */
export class ProjectionViews implements Views {
  readonly #core: EngineCore;
  readonly #cursors = new Map<string, Cursor>();

  constructor(core: EngineCore) {
    this.#core = core;
  }

  list(): readonly string[] {
    const { drivers } = this.#core.parts;
    return drivers.list().flatMap(({ kind, name, probe }) => (kind === 'projection' && probe.usable ? [name] : []));
  }

  async ask(
    name: string,
    query: { readonly [parameter: string]: string },
  ): Promise<{ readonly first: number; readonly seq: number; readonly view: Json }> {
    const names = this.list();
    if (!names.includes(name))
      throw new ShiplogError('VIEW_NOT_FOUND', `there is no view "${name}"; there is ${names.join(', ') || 'none'}`, { name });
    const cursor = this.#cursors.get(name) ?? { first: 0, next: 0, turn: Promise.resolve() };
    this.#cursors.set(name, cursor);
    const turn = cursor.turn.then(() => this.#answer(name, cursor, query));
    cursor.turn = turn.catch(() => undefined);
    return turn;
  }

  async #answer(name: string, cursor: Cursor, query: { readonly [parameter: string]: string }) {
    const to = this.#core.ledger.log.durableSeq;
    // One that was loaded anew has folded nothing: it is fed from the start then, and that may happen in the middle too.
    let restarts = 0;
    while (cursor.next <= to) {
      if (await this.#feed(name, cursor, to)) continue;
      restarts += 1;
      if (restarts > 3)
        throw new ShiplogError('DRIVER_FAILED', `projection ${name} does not fold what it is told`, { name, next: cursor.next });
    }
    const { view } = (await this.#call(name, 'view', { query })) as { readonly view: Json };
    return { first: cursor.first, seq: cursor.next - 1, view };
  }

  /** False when the projection is not where the cursor says; the cursor then is where the projection is. */
  async #feed(name: string, cursor: Cursor, to: number): Promise<boolean> {
    const { log } = this.#core.ledger;
    using held = log.hold();
    // What was pruned is not to be had: it begins with what is kept.
    const anew = cursor.next < held.next;
    const from = anew ? held.next : cursor.next;
    if (anew || from === 0) cursor.first = from;
    const events: ShiplogEvent[] = [];
    for await (const event of log.read({ from, to: Math.min(to, from + BATCH - 1) })) events.push(event);
    const { seq } = (await this.#call(name, 'fold', { from, events, ...(anew ? { anew } : {}) })) as { readonly seq: number };
    cursor.next = Math.min(seq + 1, from + events.length);
    return cursor.next === from + events.length;
  }

  #call(name: string, verb: 'fold' | 'view', args: object): Promise<unknown> {
    const op = this.#core.parts.identities.op();
    return this.#core.call('projection', name, verb, args, { op, signal: new AbortController().signal });
  }
}
