import { type DriverFamilies, type ErrorCode, type OperationContext, ShiplogError, VERB_TABLES, type VerbKind } from '@shiplog/contracts';
import { checkAnswer } from '@shiplog/contracts/check';

/** One call of a driver's verb, as it was made. */
export interface MadeCall {
  readonly verb: string;
  /** What it is about: a name, a key or an id. */
  readonly about: string;
  /** Absent while it has not ended, and when it failed. */
  answer?: object;
  /** A code, where it failed; an answer of another shape than the contract's is DRIVER_FAILED. */
  error?: { readonly code: ErrorCode; readonly message: string };
  /** How long it took, milliseconds. */
  ms?: number;
}

/** Keeps the calls that one operation makes of drivers of one family, in the order they are made. */
export class CallRecorder {
  readonly calls: MadeCall[] = [];
  readonly #kind: VerbKind;
  readonly #op: string;

  constructor(kind: VerbKind, op: string) {
    this.#kind = kind;
    this.#op = op;
  }

  /** The same driver, with its calls kept. */
  wrap<K extends VerbKind>(driver: DriverFamilies[K]): DriverFamilies[K] {
    return new Proxy(driver, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        if (typeof property !== 'string' || !Object.hasOwn(VERB_TABLES[this.#kind], property)) return method.bind(target) as unknown;
        return (args: object, ctx: OperationContext) => {
          const answer = method.call(target, args, ctx) as Promise<object>;
          return ctx.op === this.#op ? this.#keep(property, args, answer) : answer;
        };
      },
    });
  }

  async #keep(verb: string, args: object, answer: Promise<object>): Promise<object> {
    const { name, key, id } = args as { readonly [argument: string]: unknown };
    const call: MadeCall = { verb, about: String(name ?? key ?? id ?? '') };
    this.calls.push(call);
    const began = performance.now();
    try {
      const answered = await answer;
      checkAnswer(this.#kind, 'recorded', verb, answered);
      call.answer = answered;
      return answered;
    } catch (error) {
      const { code, message } = ShiplogError.wrap(error, 'DRIVER_FAILED');
      call.error = { code, message };
      throw error;
    } finally {
      call.ms = performance.now() - began;
    }
  }
}
