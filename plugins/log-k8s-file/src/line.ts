import type { LogRecord } from '@shiplog/contracts';

/** `<RFC 3339 with nanoseconds> <stdout|stderr> <F|P> <text>`: the CRI's log format, as conmon writes it. */
const HEAD = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}) (stdout|stderr) ([FP]) /;

/** A line without its newline as a record; undefined if it is none, as after a crash in its middle. */
export function parseLine(line: Buffer): LogRecord | undefined {
  // The head is short and plain; the text may be any bytes.
  const match = HEAD.exec(line.subarray(0, 64).toString('latin1'));
  if (match === null) return undefined;
  const [head, seconds = '', fraction = '', zone = '', stream, flag] = match;
  const partial = flag === 'P';
  const text = line.subarray(head.length);
  return {
    time: `${Date.parse(`${seconds}${zone}`) / 1000}${fraction.padEnd(9, '0')}`,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    data: partial ? text : Buffer.concat([text, Buffer.from('\n')]),
    partial,
  };
}
