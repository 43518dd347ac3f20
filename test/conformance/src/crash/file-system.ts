import fs, { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { Lifetime } from './lifetime.ts';
import { replaceMethods, type Method } from './replace-methods.ts';

/** Calls of node:fs that change what is on disk. */
const EFFECTS: ReadonlySet<string> = new Set(
  'appendFile chmod chown copyFile cp fchmod fchown ftruncate futimes lchown link lutimes mkdir mkdtemp rename rm rmdir symlink truncate unlink utimes write writeFile writev'.split(
    ' ',
  ),
);
const LOOKS: ReadonlySet<string> = new Set('access lstat opendir read readFile readdir readlink readv realpath stat statfs'.split(' '));
/** SIGKILL takes nothing that the kernel has: nothing waits for the disk here. */
const SYNCS: ReadonlySet<string> = new Set(['sync', 'datasync', 'fsync', 'fdatasync']);
/** Of a file that is open. */
const HANDLE_EFFECTS = ['appendFile', 'chmod', 'chown', 'truncate', 'utimes', 'write', 'writeFile', 'writev'];

/**
 * Puts every call of node:fs into the hands of the {@link Lifetime} it is made in: of promises, of callbacks (streams use those), and
 * synchronous ones. Calls made outside of a life are as before, but that files which are opened are not synced. Answers how to end that.
 */
export function interceptFileSystem(): () => void {
  const restore = [
    replaceMethods(fs.promises, promised),
    replaceMethods(fs, (name, method) => synchronous(name, method) ?? called(name, method)),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}

function promised(name: string, method: Method): Method | undefined {
  if (name === 'open') return opened(method);
  if (!EFFECTS.has(name) && !LOOKS.has(name)) return undefined;
  return (...args) => {
    const life = Lifetime.current;
    const run = (): Promise<unknown> => method(...args) as Promise<unknown>;
    if (life === undefined) return run();
    return EFFECTS.has(name) ? life.effect(label(name, args), run, tearOf(name, args)) : life.look(run);
  };
}

/** Opening for writing may make a file. What is open closes with the life. */
function opened(method: Method): Method {
  return (...args) => {
    const life = Lifetime.current;
    const own = async (): Promise<FileHandle> => {
      const handle = await (method(...args) as Promise<FileHandle>);
      replaceMethods(handle, (name, call) => {
        if (SYNCS.has(name)) return async () => undefined;
        if (life === undefined || !HANDLE_EFFECTS.includes(name)) return undefined;
        return (...words) => life.effect(`${name} of a file that is open`, () => call(...words) as Promise<unknown>);
      });
      life?.owns(() => handle.close());
      return handle;
    };
    if (life === undefined) return own();
    return isForWriting(args[1]) ? life.effect(label('open', args), own) : life.look(own);
  };
}

function called(name: string, method: Method): Method | undefined {
  if (SYNCS.has(name)) return synced(method);
  if (!EFFECTS.has(name) && !LOOKS.has(name) && name !== 'open') return undefined;
  return (...args) => {
    const life = Lifetime.current;
    const callback = args.at(-1);
    if (life === undefined || typeof callback !== 'function') return method(...args);
    const run = (): Promise<unknown[]> =>
      new Promise((resolve) => {
        method(...args.slice(0, -1), (...results: unknown[]) => resolve(results));
      });
    const isEffect = EFFECTS.has(name) || (name === 'open' && isForWriting(args[1]));
    const told = async (): Promise<void> => {
      const results = await (isEffect ? life.effect(label(name, args), run) : life.look(run));
      // Out of this promise: what a callback throws is thrown where it would be.
      process.nextTick(callback as (...results: unknown[]) => void, ...results);
    };
    void told();
    return undefined;
  };
}

function synced(method: Method): Method {
  return (...args) => {
    const callback = args.at(-1);
    if (Lifetime.current === undefined || typeof callback !== 'function') return method(...args);
    process.nextTick(callback as () => void, null);
    return undefined;
  };
}

function synchronous(name: string, method: Method): Method | undefined {
  const bare = name.replace(/Sync$/, '');
  if (bare === name || (!EFFECTS.has(bare) && !LOOKS.has(bare) && bare !== 'open')) return undefined;
  return (...args) => {
    const life = Lifetime.current;
    if (life === undefined) return method(...args);
    const isEffect = EFFECTS.has(bare) || (bare === 'open' && isForWriting(args[1]));
    return isEffect
      ? life.effectSync(label(name, args), () => method(...args), synchronousTearOf(bare, args, method))
      : life.lookSync(name, () => method(...args));
  };
}

function isForWriting(flags: unknown): boolean {
  if (typeof flags === 'number') return (flags & (constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC)) !== 0;
  return typeof flags === 'string' && flags !== 'r' && flags !== 'rs';
}

/** How a call that is several system calls looks when it is cut off. Files of the kernel are written at once. */
function tearOf(name: string, [path, second, third]: readonly unknown[]): (() => Promise<unknown>) | undefined {
  if (typeof path !== 'string' || /^\/(proc|sys)\//.test(path)) return undefined;
  // The options say how it is opened; `typeof second` is the content.
  if (name === 'writeFile') return () => writeFile(path, '', third as Parameters<typeof writeFile>[2]).catch(absorb);
  if (name === 'rm' && (second as { readonly recursive?: boolean } | undefined)?.recursive === true)
    return () => halfRemove(path).catch(absorb);
  return undefined;
}

/** The same for synchronous calls. */
function synchronousTearOf(name: string, [path, second, third]: readonly unknown[], method: Method): (() => unknown) | undefined {
  if (typeof path !== 'string' || /^\/(proc|sys)\//.test(path)) return undefined;
  if (name === 'writeFile') return () => method(path, '', third);
  if (name !== 'rm' || (second as { readonly recursive?: boolean } | undefined)?.recursive !== true) return undefined;
  return () => {
    const names = fs.existsSync(path) ? fs.readdirSync(path) : [];
    for (const one of names.slice(0, Math.ceil(names.length / 2))) method(join(path, one), second);
  };
}

async function halfRemove(path: string): Promise<void> {
  const names = await readdir(path);
  for (const name of names.slice(0, Math.ceil(names.length / 2))) await rm(join(path, name), { recursive: true, force: true });
}

/** What fails in a dying process is told nobody. */
function absorb(): void {}

function label(name: string, [path]: readonly unknown[]): string {
  return typeof path === 'string' ? `${name} ${path}` : name;
}
