import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Operation } from './operation.ts';

/** Calls that {@link readTrace} understands. */
export const TRACED = 'openat,write,pwrite64,ftruncate,fallocate,fdatasync,fsync,rename,unlink,mkdir,rmdir';

/**
 * Reads what `strace -f -y -xx -e trace=…` wrote (strace(1)) and keeps what happened below `root`. Failed calls changed
 * nothing. A call that another thread's interrupted counts as a write when it began, since its bytes may be on their way
 * from then on, and as anything else when it returned, since nothing may be relied on before. Throws on a line of another form:
 * a call that was passed over would make the simulated disk another than the real one.
 */
export async function readTrace(file: string, root: string): Promise<Operation[]> {
  const operations: Operation[] = [];
  const unfinished = new Map<string, string>();
  const add = (call: string): void => {
    const operation = parseCall(call);
    if (operation !== undefined && isBelow(operation.path, root)) operations.push(operation);
  };
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [, thread = '', call = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (call.startsWith('+++') || call.startsWith('---') || call === '') continue;
    const cut = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(call);
    if (cut !== null) {
      const [, name = '', start = ''] = cut;
      const isWrite = name === 'write' || name === 'pwrite64';
      // How much of it was written is told when it returns; all of it, wherever disks are not full.
      if (isWrite) add(`${name}(${start}) = 0`);
      else unfinished.set(thread, `${name}(${start}`);
      continue;
    }
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(call);
    if (resumed === null) {
      add(call);
      continue;
    }
    const start = unfinished.get(thread);
    unfinished.delete(thread);
    if (start !== undefined) add(start + (resumed[2] ?? ''));
  }
  return operations;
}

function parseCall(call: string): Operation | undefined {
  const [, name = '', list = '', answer = ''] = /^(\w+)\((.*)\)\s+=\s+(\S+)/.exec(call) ?? [];
  if (name === '') throw new Error(`strace wrote a line that is no call: ${call.slice(0, 200)}`);
  if (answer.startsWith('-')) return undefined;
  const args = list.split(', ');
  switch (name) {
    case 'openat': {
      const flags = args[2] ?? '';
      const path = unescape(args[1] ?? '');
      return flags.includes('O_CREAT') || flags.includes('O_TRUNC')
        ? { type: 'create', path, truncate: flags.includes('O_TRUNC') }
        : undefined;
    }
    case 'write':
      return { type: 'write', path: pathOf(args[0]), bytes: bytesOf(args[1]) };
    case 'pwrite64':
      return { type: 'write', path: pathOf(args[0]), bytes: bytesOf(args[1]), at: Number(args[3]) };
    case 'ftruncate':
      return { type: 'resize', path: pathOf(args[0]), size: Number(args[1]) };
    case 'fdatasync':
    case 'fsync':
      return { type: 'sync', path: pathOf(args[0]) };
    case 'rename':
      return { type: 'rename', path: unescape(args[0] ?? ''), to: unescape(args[1] ?? '') };
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
      return { type: name, path: unescape(args[0] ?? '') };
    default:
      throw new Error(`${name}(2) is traced and not simulated`);
  }
}

/** A descriptor is printed with its path: `23</a/file>`. */
function pathOf(descriptor = ''): string {
  return unescape(/<(.*)>$/.exec(descriptor)?.[1] ?? '').replace(/ \(deleted\)$/, '');
}

function unescape(text: string): string {
  return bytesOf(text).toString();
}

/** Strings are printed as `"\x61\x62"`, and `…` behind them if they were longer than strace keeps. */
function bytesOf(text = ''): Buffer {
  if (text.endsWith('...')) throw new Error('strace cut a string: let it keep longer ones (-s)');
  const quoted = text.startsWith('"') ? text.slice(1, -1) : text;
  return quoted.startsWith('\\x') ? Buffer.from(quoted.replaceAll('\\x', ''), 'hex') : Buffer.from(quoted, 'latin1');
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
