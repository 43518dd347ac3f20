/** What a step of an operation is called: a driver family and a verb (`storage.mount`). Labels may say more, after a space. */
export function stepOf(label: string): string {
  const step = label.split(' ', 1)[0] ?? label;
  return step === 'signal' ? 'runtime.signal' : step;
}

/** How long steps took, by step, and by step and driver. */
export class StepTimes {
  readonly #samples = new Map<string, number[]>();

  /** `driver` '' where nobody knows it. */
  add(step: string, driver: string, ms: number): void {
    this.#push(step, ms);
    if (driver !== '') this.#push(`${step}@${driver}`, ms);
  }

  #push(key: string, ms: number): void {
    const samples = this.#samples.get(key);
    if (samples === undefined) this.#samples.set(key, [ms]);
    else samples.push(ms);
  }

  /** Milliseconds the step took each time; empty if it never was taken. */
  of(step: string, driver?: string): readonly number[] {
    return this.#samples.get(driver === undefined ? step : `${step}@${driver}`) ?? [];
  }

  /** Steps there are samples of. */
  get steps(): readonly string[] {
    return [...this.#samples.keys()].filter((key) => !key.includes('@'));
  }
}
