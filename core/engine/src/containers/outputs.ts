import { type ContainerRecord, type LogSubject, ShiplogError } from '@shiplog/contracts';
import type { EngineBase } from '../base.ts';
import { withValues } from '../secrets/secrets.ts';

/** A container that ends sooner is done with before its output is looked at: most `run --rm` do. */
const SOON_MS = 200;
/** How long a removal waits for output to reach a destination that outlives the container (Docker waits as long). */
const PATIENCE_MS = 10_000;

/**
 * Hands what containers print to their log drivers. The monitor writes it to a file first and needs nobody for that, so all of this
 * may come later, and nothing that a client waits for waits for it.
 */
export class Outputs {
  readonly #soon = new Map<string, AbortSignal>();

  constructor(private readonly base: EngineBase) {}

  /** Throws SPEC_INVALID, in Docker's words, for a log driver that is not there or cannot use these options. */
  async check(driver: string, options: { readonly [option: string]: string }): Promise<void> {
    const { drivers, identities } = this.base.parts;
    const known = drivers.list().find(({ kind, name }) => kind === 'log' && name === driver);
    if (known === undefined) throw new ShiplogError('SPEC_INVALID', `logger: no log driver named '${driver}' is registered`, { driver });
    if (!known.probe.usable)
      throw new ShiplogError('SPEC_INVALID', `the log driver ${driver} cannot run here: ${known.probe.reason}`, { driver });
    const ctx = { op: identities.op(), signal: new AbortController().signal };
    await this.base.call('log', driver, 'check', { options: { ...options } }, ctx);
  }

  /** What the runtime tells the monitor: where to write, or to write nothing. */
  target(container: ContainerRecord): { readonly driver: string; readonly path: string } {
    return { driver: this.#can(container, 'spool', true) ? 'k8s-file' : 'none', path: this.spool(container) };
  }

  /** The file the monitor writes. */
  spool({ logDriver, logPath }: Pick<ContainerRecord, 'logDriver' | 'logPath'>): string {
    return this.#delivers({ logDriver }) ? `${logPath.slice(0, logPath.lastIndexOf('/'))}/spool.log` : logPath;
  }

  /** A container was started: its output is taken over soon. */
  begin(container: ContainerRecord): void {
    if (!this.#delivers(container) || this.#soon.has(container.id)) return;
    const due = this.base.parts.clock.deadline(SOON_MS);
    this.#soon.set(container.id, due);
    due.addEventListener('abort', () => {
      if (this.#soon.get(container.id) === due) this.#quietly(container, this.open(container));
    });
  }

  /** Its output is taken over from now on; not of one that is being removed, which may have been removed from its driver. */
  open(container: ContainerRecord): Promise<void> {
    return this.#open(container, () => {
      const now = this.base.ledger.head.containers.get(container.id);
      return now !== undefined && (now.status !== 'removing' || now.busy === undefined);
    });
  }

  /** Only if `isWanted` when all is ready for it: that takes a while where secrets are needed. */
  async #open(container: ContainerRecord, isWanted: () => boolean): Promise<void> {
    this.#forget(container.id);
    if (!this.#delivers(container)) return;
    const { id, logPath: path } = container;
    const spec = withValues(container.spec, await this.base.secrets.values(container.spec));
    const subject = await this.#subject(container, spec);
    if (isWanted())
      await this.#call(container, 'open', { id, spool: this.spool(container), path, options: { ...spec.logOptions }, subject });
  }

  /** It ended: the rest is taken over in the background. */
  end(container: ContainerRecord): void {
    if (!this.#delivers(container)) return;
    // It goes with the container, which goes now.
    if (container.spec.autoRemove && !this.#can(container, 'lasting', false)) this.#forget(container.id);
    else if (container.startedAt !== '') this.#quietly(container, this.#finish(container));
  }

  /** Forgets what the container printed, once it has arrived where it outlives it. */
  async remove(container: ContainerRecord): Promise<void> {
    const { id, logPath: path, startedAt } = container;
    const neverOpened = this.#forget(id);
    if (this.#delivers(container) && startedAt !== '') {
      const lasting = this.#can(container, 'lasting', false);
      if (lasting) await this.#open(container, () => true);
      // Somebody may follow it to its end.
      if (lasting || !neverOpened)
        await this.#call(container, 'close', { id }, this.base.parts.clock.deadline(PATIENCE_MS)).catch((error: unknown) =>
          this.#warn(container, error),
        );
    }
    await this.#call(container, 'remove', { id, spool: this.spool(container), path });
  }

  /** After a start of the engine: goes on where an earlier one was cut off. */
  resume(): void {
    const containers = [...this.base.ledger.head.containers.values()].filter((one) => one.startedAt !== '' && this.#delivers(one));
    for (const container of containers) if (container.process !== undefined) this.begin(container);
    void (async () => {
      for (const container of containers) {
        if (container.process === undefined) await this.#finish(container).catch((error: unknown) => this.#warn(container, error));
      }
    })();
  }

  async #finish(container: ContainerRecord): Promise<void> {
    await this.open(container);
    await this.#call(container, 'close', { id: container.id });
  }

  /** What a log driver may know. Environment variables only if its options name them: they may be secrets. */
  async #subject(container: ContainerRecord, spec: ContainerRecord['spec']): Promise<LogSubject> {
    const { id, name, imageId, argv, createdAt } = container;
    return {
      id,
      name,
      imageId,
      imageName: spec.image,
      command: [...argv],
      createdAt,
      labels: { ...spec.labels },
      env: await this.#chosenEnv(container),
    };
  }

  async #chosenEnv({ spec, imageId }: ContainerRecord): Promise<LogSubject['env']> {
    const { env = '', 'env-regex': regex = '' } = spec.logOptions;
    if (env === '' && regex === '') return {};
    const names = new Set(env.split(','));
    const pattern = regex === '' ? undefined : new RegExp(regex);
    const recorded = this.base.ledger.head.images.get(imageId);
    const image = recorded === undefined ? [] : ((await this.base.images.whole(recorded)).config.Env ?? []);
    const all = [...image, ...(await this.base.environment.unseal(spec.env))].map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    });
    return Object.fromEntries(all.filter(([name]) => names.has(name) || pattern?.test(name) === true));
  }

  #delivers({ logDriver }: Pick<ContainerRecord, 'logDriver'>): boolean {
    return this.#can({ logDriver }, 'spool', false) && !this.#can({ logDriver }, 'direct', false);
  }

  #can({ logDriver }: Pick<ContainerRecord, 'logDriver'>, ability: string, otherwise: boolean): boolean {
    const driver = this.base.parts.drivers.list().find(({ kind, name }) => kind === 'log' && name === logDriver);
    return driver?.capabilities[ability] ?? otherwise;
  }

  /** Nothing is to begin soon any more; true if something was. */
  #forget(id: string): boolean {
    return this.#soon.delete(id);
  }

  async #call(
    container: ContainerRecord,
    verb: 'open' | 'close' | 'remove',
    args: object,
    signal = new AbortController().signal,
  ): Promise<void> {
    const { base } = this;
    await base.call('log', container.logDriver, verb, args, { op: base.parts.identities.op(), signal });
  }

  #quietly(container: ContainerRecord, work: Promise<void>): void {
    work.catch((error: unknown) => this.#warn(container, error));
  }

  #warn({ id, logDriver }: ContainerRecord, error: unknown): void {
    const { code, message } = ShiplogError.wrap(error);
    this.base.parts.logger.warn('output not taken over', { id, logDriver, code, message });
  }
}
