import type { AppendRequest, NewEvent, Stamp, StreamName } from '@shiplog/contracts';

/** Streams of a thousand containers: an engine has the names of those that it knows. */
const STREAMS: readonly StreamName[] = Array.from(
  { length: 1000 },
  (_, number) => `container/${number.toString(16).padStart(64, 'c0ffee')}` as const,
);

/** What a client's stop of a container brings into the log: about 640 bytes of envelope and data. */
export function stopRequest(number: number, more: Partial<Stamp> = {}): AppendRequest {
  const stream = STREAMS[number % STREAMS.length] ?? 'engine';
  const event: NewEvent = {
    stream,
    type: 'container.stop.succeeded',
    kind: 'outcome',
    tags: [`name:web-${number % 1000}`],
    result: { ms: 12.5, status: 'ok', steps: { signal: 1.25, wait: 10.5 } },
    data: { exitCode: 143 },
  };
  return {
    stamp: {
      op: `op-${number}`,
      corr: `corr-${number}`,
      t: `1700000000${String(number).padStart(9, '0')}`,
      mono: '123456789012345',
      actor: { gid: 0, pid: 4242, scheme: 'unix', start: 123_456, uid: 0 },
      req: { agent: 'docker/20.10', api: '1.47', method: 'POST', route: '/containers/{id}/stop' },
      ...more,
    },
    events: [event],
  };
}
