import type { Json, StepJournal } from '@shiplog/contracts';
import type { Lifetime } from './lifetime.ts';

/** Records of one call's steps, which outlive the driver as the log does. A life may end before a record is durable. */
export class StepRecords implements StepJournal {
  readonly #records = new Map<string, { readonly value?: Json }>();
  readonly #life: Lifetime | undefined;

  constructor(life?: Lifetime) {
    this.#life = life;
  }

  /** Records that were made in another process. */
  static of(entries: ReturnType<StepRecords['toJSON']>): StepRecords {
    const records = new StepRecords();
    for (const [step, record] of entries) records.#records.set(step, record);
    return records;
  }

  /** The same records for the next driver. */
  outlive(): StepRecords {
    return StepRecords.of(this.toJSON());
  }

  toJSON(): readonly (readonly [step: string, record: { readonly value?: Json }])[] {
    return [...this.#records];
  }

  async find(step: string): Promise<{ readonly value?: Json } | undefined> {
    return this.#records.get(step);
  }

  async record(step: string, value: Json | undefined): Promise<void> {
    const write = async (): Promise<void> => void this.#records.set(step, value === undefined ? {} : { value });
    await (this.#life === undefined ? write() : this.#life.effect(`record of step ${step}`, write));
  }
}
