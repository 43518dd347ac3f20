import type { ShiplogEvent } from '@shiplog/contracts';
import { chunks } from './chunks.ts';
import type { Format } from './format.ts';

/** The engine is the one process of the trace. */
const PLACE = { pid: 1, tid: 1 } as const;

interface Open {
  readonly intent: ShiplogEvent;
  readonly steps: { readonly name: string; readonly at: number }[];
}

/**
 * Operations as asynchronous slices (`b` and `e` by operation: they overlap), each step a slice inside, or on a line beside where steps overlap: what
 * ends on a line must be what began there last. What happens by itself is instants. Times are microseconds on the wall clock of the intent; lengths are those of the monotonic clock.
 */
async function* traceEvents(events: AsyncIterable<ShiplogEvent>): AsyncGenerator<object> {
  yield { ph: 'M', name: 'process_name', ...PLACE, ts: 0, args: { name: 'shiplog' } };
  const open = new Map<string, Open>();
  for await (const event of events) {
    const running = open.get(event.op);
    if (event.kind === 'intent') {
      open.set(event.op, { intent: event, steps: [] });
      yield slice('b', event, nameOf(event), micros(event.t), { stream: event.stream, seq: event.seq });
    } else if (event.type === 'operation.step' && running !== undefined)
      running.steps.push({ name: event.data.step, at: since(running.intent, event) });
    else if (event.kind === 'outcome' && running !== undefined) {
      open.delete(event.op);
      const end = Math.max(micros(running.intent.t), since(running.intent, event));
      yield* steps(running, event, end);
      const { status, error } = event.result ?? {};
      yield slice('e', event, nameOf(running.intent), end, {
        status,
        ...(error === undefined ? {} : { error: error.code }),
      });
    } else if (event.kind === 'observed')
      yield { ph: 'i', s: 'p', cat: 'observed', name: event.type, ts: micros(event.t), ...PLACE, args: { stream: event.stream } };
  }
}

function* steps({ intent, steps: done }: Open, outcome: ShiplogEvent, latest: number): Generator<object> {
  const times = done.map(({ name, at }) => {
    const to = Math.min(Math.max(micros(intent.t), at), latest);
    return { name, from: Math.max(micros(intent.t), to - (outcome.result?.steps?.[name] ?? 0) * 1000), to };
  });
  /** When the last step of each line ends. */
  const lines: number[] = [];
  for (const { name, from, to } of times.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const free = lines.findIndex((end) => end <= from);
    const line = free === -1 ? lines.length : free;
    lines[line] = to;
    yield slice('b', intent, name, from, {}, line);
    yield slice('e', intent, name, to, {}, line);
  }
}

/** `line`: of the operation's own, of which the first is that of the operation itself. */
function slice(ph: 'b' | 'e', { op, stream }: ShiplogEvent, name: string, ts: number, args: object, line = 0): object {
  return { ph, cat: stream.replace(/\/.*$/s, ''), id: line === 0 ? op : `${op}/${line}`, name, ts, ...PLACE, args };
}

function nameOf({ type }: ShiplogEvent): string {
  return type.replace(/\.requested$/, '');
}

/** When something of an operation was: its beginning and the time since, which no change of the wall clock bends. */
function since(intent: ShiplogEvent, event: ShiplogEvent): number {
  if (intent.boot !== event.boot) return micros(event.t);
  return micros(intent.t) + Number(BigInt(event.mono) - BigInt(intent.mono)) / 1000;
}

function micros(nanos: string): number {
  return Number(BigInt(nanos)) / 1000;
}

async function* document(events: AsyncIterable<ShiplogEvent>): AsyncGenerator<string> {
  yield '{"displayTimeUnit":"ms","traceEvents":[';
  let separator = '\n';
  for await (const traced of traceEvents(events)) {
    yield separator + JSON.stringify(traced);
    separator = ',\n';
  }
  yield '\n]}\n';
}

export const chromeTrace: Format = {
  name: 'chrome-trace',
  doc: 'the Trace Event Format, for Perfetto and chrome://tracing: operations and their steps over time',
  binary: false,
  write: (events) => chunks(document(events)),
};
