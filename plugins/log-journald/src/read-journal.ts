import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type LogReadOptions, type LogRecord, ShiplogError } from '@shiplog/contracts';

/** When a container has ended, the journal may still be writing what it sent last. */
const SETTLE_MS = 300;

interface Entry {
  readonly MESSAGE?: string | readonly number[] | null;
  readonly PRIORITY?: string;
  readonly SYSLOG_TIMESTAMP?: string;
  readonly CONTAINER_PARTIAL_MESSAGE?: string;
}

/** A container's entries, oldest first. journalctl(1) reads them: the journal's files have no other stable interface without its library. */
export async function* readJournal(options: LogReadOptions, namespace: string | undefined): AsyncGenerator<LogRecord> {
  const { id, tail, follow, ended, signal } = options;
  if (tail === 0 && !follow) return;
  const args = [
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    '--output=json',
    '--all',
    '--no-pager',
    '--quiet',
    // Lines that were written in parts count once for Docker and once each here.
    ...(tail === undefined ? (follow ? ['--no-tail'] : []) : [`--lines=${tail}`]),
    ...(follow ? ['--follow'] : []),
    `CONTAINER_ID_FULL=${id}`,
  ];
  if (!follow) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const stop = (): void => void child.kill();
  const finish = (): void => void setTimeout(stop, SETTLE_MS);
  signal.addEventListener('abort', stop, { once: true });
  if (follow) {
    ended.addEventListener('abort', finish, { once: true });
    if (ended.aborted) finish();
  }
  try {
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      const record = recordOf(JSON.parse(line) as Entry);
      if (record === undefined || !(record.stream === 'stdout' ? options.stdout : options.stderr)) continue;
      if (options.since !== undefined && BigInt(record.time) < BigInt(options.since)) continue;
      if (options.until !== undefined && BigInt(record.time) > BigInt(options.until)) return;
      yield record;
    }
    const [code] = (await exited) as [number | null];
    if (code !== null && code !== 0 && !signal.aborted)
      throw new ShiplogError('DRIVER_FAILED', `journalctl ended with ${code}: ${said.trim()}`, { id });
  } finally {
    signal.removeEventListener('abort', stop);
    ended.removeEventListener('abort', finish);
    child.kill();
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
