/** A moment in an operation: before a driver is called, or when it has answered and nobody knows yet. */
export interface Moment {
  /** The call's {@link Death.calls} entry, such as `storage/overlay mount #1`. */
  readonly call: string;
  readonly when: 'before' | 'after';
}

/** Ends this process by SIGKILL, once it is armed: at a moment, or before the call that has a number, counted from 1. */
export class Death {
  /** Calls since it was armed: driver, verb, and how many of the same there were. */
  readonly calls: string[] = [];
  #moment: Moment | number | undefined;
  #armed = false;

  /** `last` is told just before the end; it must be done when it returns. Calls named `ignored` are not made, as by a wrong driver. */
  constructor(
    private readonly last: (moment: Moment) => void,
    private readonly ignored = '',
  ) {}

  /** From now on calls count. Without a moment, nothing dies. */
  arm(moment?: Moment | number): void {
    this.#moment = moment;
    this.#armed = true;
  }

  disarm(): void {
    this.#armed = false;
  }

  async around<T>(name: string, run: () => Promise<T>): Promise<T> {
    // Verbs that end something answer with nothing.
    if (name === this.ignored) return {} as T;
    if (!this.#armed) return run();
    const call = `${name} #${this.calls.filter((one) => one.startsWith(`${name} #`)).length + 1}`;
    this.calls.push(call);
    if (this.calls.length === this.#moment) this.#die({ call, when: 'before' });
    this.#dieIf({ call, when: 'before' });
    const answer = await run();
    this.#dieIf({ call, when: 'after' });
    return answer;
  }

  #dieIf(moment: Moment): void {
    const due = this.#moment;
    if (this.#armed && typeof due === 'object' && due.call === moment.call && due.when === moment.when) this.#die(moment);
  }

  #die(moment: Moment): void {
    this.last(moment);
    process.kill(process.pid, 'SIGKILL');
  }
}
