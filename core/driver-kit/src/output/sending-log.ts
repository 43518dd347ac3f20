import {
  type Kernel,
  type LogDriver,
  type LogReadOptions,
  type LogRecord,
  type Observed,
  type OperationContext,
  ShiplogError,
} from '@shiplog/contracts';
import type { Logger } from '../services.ts';
import { Deliveries } from './deliveries.ts';
import type { OutputSink } from './delivery.ts';
import { bufferLimit, checkLogOptions } from './log-options.ts';

type Args<V extends keyof LogDriver> = LogDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;
type Options = { readonly [option: string]: string };

/**
 * A log driver that sends output elsewhere, at least once: what was on its way when the engine died is sent again. What cannot be sent waits in
 * the spool; with `mode=non-blocking` the oldest beyond `max-buffer-size` is dropped.
 */
export abstract class SendingLog implements LogDriver, AsyncDisposable {
  readonly #deliveries: Deliveries;

  protected constructor(
    private readonly name: string,
    private readonly options: { readonly [option: string]: unknown },
    kernel: Kernel,
    protected readonly logger: Logger,
  ) {
    this.#deliveries = new Deliveries(kernel, logger);
  }

  /** Throws SPEC_INVALID for values that make no sense. Names have been checked. */
  protected abstract checkValues(options: Options): void;

  /** Connects to the destination. Called again after a failure. */
  protected abstract connect(args: Args<'open'>): Promise<OutputSink>;

  async check({ options }: Args<'check'>): Promise<Record<string, never>> {
    checkLogOptions(this.name, options, Object.keys(this.options));
    this.checkValues(options);
    return {};
  }

  async open(args: Args<'open'>): Promise<Record<string, never>> {
    const most = bufferLimit(args.options);
    await this.#deliveries.open(args, { connect: () => this.connect(args), ...(most === undefined ? {} : { most }) });
    return {};
  }

  async close({ id }: Args<'close'>, { signal }: OperationContext): Promise<Record<string, never>> {
    await this.#deliveries.close(id, signal);
    return {};
  }

  async remove(args: Args<'remove'>): Promise<Record<string, never>> {
    await this.#deliveries.remove(args);
    return {};
  }

  observe(): Promise<readonly Observed[]> {
    return this.#deliveries.observe();
  }

  // oxlint-disable-next-line require-yield
  async *read(options: LogReadOptions): AsyncGenerator<LogRecord> {
    throw new ShiplogError('NOT_SUPPORTED', 'configured logging driver does not support reading', { driver: this.name, id: options.id });
  }

  /** What came until now, or all of one that ended, is on its way: for drivers that read back from where they sent it. */
  protected async sendRest({ id, ended, signal }: LogReadOptions): Promise<void> {
    if (ended.aborted) await this.#deliveries.close(id, signal);
    else await this.#deliveries.catchUp(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deliveries.dispose();
  }
}
