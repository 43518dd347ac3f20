import {
  type Caller,
  type CommandAnswers,
  type CommandArgs,
  type CommandType,
  type Engine,
  type LogRead,
  type ReadRecord,
  ShiplogError,
} from '@shiplog/contracts';

/** What one request leaves in the log: a command, a read, or that it was refused; never that it was refused beside one of the others. */
export class RequestRecord {
  readonly #engine: Pick<Engine, 'execute' | 'recordRead' | 'refuse' | 'told'>;
  readonly #caller: Caller;
  #left = false;

  constructor(engine: Pick<Engine, 'execute' | 'recordRead' | 'refuse' | 'told'>, caller: Caller) {
    this.#engine = engine;
    this.#caller = caller;
  }

  /** See Engine.execute, which records what it refuses. */
  execute<T extends CommandType>(type: T, args: CommandArgs[T]): Promise<CommandAnswers[T]> {
    this.#left = true;
    return this.#engine.execute(type, args, this.#caller);
  }

  /** See Engine.recordRead. */
  read(read: LogRead): Promise<ReadRecord> {
    this.#left = true;
    return this.#engine.recordRead(read, this.#caller);
  }

  /** Records a refusal where the request has left nothing yet. Answers the error as the client may be told. */
  async refuse(verb: CommandType | 'log.read' | undefined, error: unknown): Promise<ShiplogError> {
    if (this.#left) return this.#engine.told(error);
    this.#left = true;
    return this.#engine.refuse(verb, ShiplogError.wrap(error), this.#caller);
  }
}
