import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type LogReadOptions, type LogRecord, ShiplogError } from '@shiplog/contracts';

interface Entry {
  readonly __CURSOR?: string;
  readonly MESSAGE?: string | readonly number[] | null;
  readonly PRIORITY?: string;
  readonly SYSLOG_TIMESTAMP?: string;
  readonly CONTAINER_PARTIAL_MESSAGE?: string;
}

/**
 * A container's entries, oldest first. journalctl(1) reads them: the journal's files have no other stable interface without its library. `sent` resolves when
 * what the container printed until then was sent to the journal.
 */
export async function* readJournal(
  options: LogReadOptions,
  namespace: string | undefined,
  sent: () => Promise<void>,
): AsyncGenerator<LogRecord> {
  const { id, tail, follow, ended, signal } = options;
  if (tail === 0 && !follow) return;
  const journal = namespace === undefined ? [] : [`--namespace=${namespace}`];
  // What was sent may still wait to be written.
  const settle = async (): Promise<void> => {
    await sent();
    for await (const _ of entries(id, ['--sync', ...journal], signal));
  };
  const read = ['--output=json', '--all', '--no-pager', '--quiet', `CONTAINER_ID_FULL=${id}`, ...journal];
  await settle();
  // Lines that were written in parts count once for Docker and once each here.
  const first = tail === undefined ? [] : [`--lines=${tail}`];
  let last: string | undefined;
  let isOver = false;
  const records = async function* (args: readonly string[], until?: AbortSignal): AsyncGenerator<LogRecord> {
    for await (const entry of entries(id, [...read, ...args], signal, until)) {
      last = entry.__CURSOR ?? last;
      const record = recordOf(entry);
      if (record === undefined || !(record.stream === 'stdout' ? options.stdout : options.stderr)) continue;
      if (options.since !== undefined && BigInt(record.time) < BigInt(options.since)) continue;
      isOver = options.until !== undefined && BigInt(record.time) > BigInt(options.until);
      if (isOver) return;
      yield record;
    }
  };
  // Where those begin that are still to come is known from the last one that is there.
  if (tail === 0) for await (const { __CURSOR } of entries(id, [...read, '--lines=1'], signal)) last = __CURSOR;
  else yield* records(first);
  const next = (): readonly string[] => (last === undefined ? [] : [`--after-cursor=${last}`]);
  if (!follow || isOver) return;
  if (!ended.aborted) yield* records([...next(), '--follow', '--no-tail'], ended);
  if (signal.aborted || isOver) return;
  // The journal may have got the last ones when nobody followed it any more.
  await settle();
  yield* records(next());
}

/** What journalctl(1) prints with these arguments, until `until` aborts: then there may be more. Throws DRIVER_FAILED. */
async function* entries(id: string, args: readonly string[], signal: AbortSignal, until = signal): AsyncGenerator<Entry> {
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const stop = (): void => void child.kill();
  for (const end of [signal, until]) end.addEventListener('abort', stop, { once: true });
  if (signal.aborted || until.aborted) stop();
  try {
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = parsed(line, signal.aborted || until.aborted);
      if (entry !== undefined) yield entry;
    }
    const [code] = (await exited) as [number | null];
    if (code !== null && code !== 0 && !signal.aborted)
      throw new ShiplogError('DRIVER_FAILED', `journalctl ended with ${code}: ${said.trim()}`, { id });
  } finally {
    for (const end of [signal, until]) end.removeEventListener('abort', stop);
    child.kill();
  }
}

/** Undefined where one that was told to end may have left off in the middle. */
function parsed(line: string, wasEnded: boolean): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch (error) {
    if (wasEnded) return undefined;
    throw error;
  }
}

function recordOf({
  MESSAGE: message,
  PRIORITY: priority,
  SYSLOG_TIMESTAMP: time = '',
  CONTAINER_PARTIAL_MESSAGE: partial,
}: Entry): LogRecord | undefined {
  if (message === undefined || message === null) return undefined;
  const text = Buffer.from(message as string);
  const whole = partial !== 'true';
  return {
    time: `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}${time.slice(20, 29).padEnd(9, '0')}`,
    stream: priority === '3' ? 'stderr' : 'stdout',
    data: whole ? Buffer.concat([text, Buffer.from('\n')]) : text,
    partial: !whole,
  };
}
