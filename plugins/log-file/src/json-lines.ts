import type { FileHandle } from 'node:fs/promises';
import type { LogRecord } from '@shiplog/contracts';
import type { Codec } from './codec.ts';

const BLOCK = 65_536;
const NEWLINE = 0x0a;
/** Docker writes these escaped, though JSON does not ask for it. */
const ESCAPED = /[<>&\u2028\u2029]/g;

let lastSecond = '';
let lastWritten = '';

/**
 * Docker's json-file: one JSON object a line, `{"log":"text\n","stream":"stdout","attrs":{…},"time":"…Z"}`; a record that is part
 * of a longer line has no newline in `log`. Bytes that are not UTF-8 become U+FFFD.
 */
export const jsonLines: Codec = {
  encode({ time, stream, data }, attributes) {
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
    const attrs = Object.keys(attributes).length === 0 ? '' : `"attrs":${quote(attributes)},`;
    return Buffer.from(`{"log":${quote(text)},"stream":"${stream}",${attrs}"time":"${rfc3339(time)}"}\n`);
  },

  decode(bytes) {
    const records: LogRecord[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const record = parse(bytes.toString('utf8', start, end));
      if (record !== undefined) records.push(record);
      start = end + 1;
    }
    return { records, used: start };
  },

  async tail(file, size, count) {
    return count <= 0 ? { offset: size, count: 0 } : lastLines(file, size, count);
  },
};

/** Reads backwards, a block at a time. */
async function lastLines(file: FileHandle, size: number, wanted: number): Promise<{ readonly offset: number; readonly count: number }> {
  let found = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK);
    const block = Buffer.alloc(end - start);
    await file.read(block, 0, block.length, start);
    for (let at = block.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1)) {
      if (found === wanted) return { offset: start + at + 1, count: found };
      found += 1;
    }
    end = start;
  }
  return { offset: 0, count: found };
}

function parse(line: string): LogRecord | undefined {
  try {
    const { log, stream, time, attrs } = (JSON.parse(line) ?? {}) as {
      readonly log?: unknown;
      readonly stream?: unknown;
      readonly time?: unknown;
      readonly attrs?: { readonly [name: string]: string };
    };
    if (typeof log !== 'string' || typeof time !== 'string') return undefined;
    const [seconds = '', fraction = ''] = time.replace('Z', '').split('.');
    return {
      time: `${Date.parse(`${seconds}Z`) / 1000}${fraction.padEnd(9, '0')}`,
      stream: stream === 'stderr' ? 'stderr' : 'stdout',
      data: Buffer.from(log),
      partial: !log.endsWith('\n'),
      ...(attrs === undefined ? {} : { attributes: attrs }),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function quote(value: unknown): string {
  return JSON.stringify(value).replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** RFC 3339 in UTC with as many digits of the second as it takes, as Go writes it. */
function rfc3339(time: string): string {
  const second = time.slice(0, -9);
  if (second !== lastSecond) {
    lastWritten = new Date(Number(second) * 1000).toISOString().slice(0, 19);
    lastSecond = second;
  }
  const fraction = time.slice(-9).replace(/0+$/, '');
  return fraction === '' ? `${lastWritten}Z` : `${lastWritten}.${fraction}Z`;
}
