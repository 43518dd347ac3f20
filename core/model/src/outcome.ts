import type { CommandType, NewEvent, Outcomes, Result, StreamName } from '@shiplog/contracts';

/** The outcome event of a verb that succeeded. `result.status` is `ok`. */
export function succeeded<T extends CommandType>(verb: T, stream: StreamName, data: Outcomes[T], result: Result): NewEvent {
  return { stream, type: `${verb}.succeeded`, kind: 'outcome', data, result } as NewEvent;
}

/** The outcome event of a verb that was refused, failed, was canceled or ended unknown; `result` says which, and why. */
export function failed(verb: CommandType, stream: StreamName, result: Result): NewEvent {
  return { stream, type: `${verb}.failed`, kind: 'outcome', data: {}, result } as NewEvent;
}
