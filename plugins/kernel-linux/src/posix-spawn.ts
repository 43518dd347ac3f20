import { setTimeout as sleep } from 'node:timers/promises';
import { Socket } from 'node:net';
import koffi, { type KoffiFunc } from 'koffi';
import type { SpawnCall, Spawned } from '@shiplog/contracts';
import { errnoName, kernelError } from './kernel-error.ts';
import { libc } from './libc.ts';
import { reporting } from './report.ts';

/** spawn.h. */
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** More than glibc's opaque types take (posix_spawn_file_actions_t 80 bytes, posix_spawnattr_t 336). */
const OPAQUE = 512;
/** sigset_t. */
const SIGNALS = 128;
const O_RDWR = 2;

/** How long a look for a child's end waits before the next, in milliseconds. */
const FIRST_LOOK = 2;
const LAST_LOOK = 1000;

type Argument = number | string | Uint8Array | readonly (string | null)[];
type Call = KoffiFunc<(...args: Argument[]) => number>;

let bindings: ReturnType<typeof bind> | undefined;

/** All of these answer an error number, and leave errno alone: so they can run on any thread. */
function bind() {
  const c = koffi.load('libc.so.6');
  const call = (name: string, ...args: string[]): Call => c.func(name, 'int', args);
  return {
    initActions: call('posix_spawn_file_actions_init', 'void *'),
    addOpen: call('posix_spawn_file_actions_addopen', 'void *', 'int', 'str', 'int', 'uint'),
    addDup2: call('posix_spawn_file_actions_adddup2', 'void *', 'int', 'int'),
    addCloseFrom: call('posix_spawn_file_actions_addclosefrom_np', 'void *', 'int'),
    addChdir: call('posix_spawn_file_actions_addchdir_np', 'void *', 'str'),
    destroyActions: call('posix_spawn_file_actions_destroy', 'void *'),
    initAttributes: call('posix_spawnattr_init', 'void *'),
    setFlags: call('posix_spawnattr_setflags', 'void *', 'short'),
    setDefault: call('posix_spawnattr_setsigdefault', 'void *', 'void *'),
    setMask: call('posix_spawnattr_setsigmask', 'void *', 'void *'),
    destroyAttributes: call('posix_spawnattr_destroy', 'void *'),
    spawn: call('posix_spawn', 'void *', 'str', 'void *', 'void *', 'const char **', 'const char **'),
  };
}

/**
 * Starts a program by posix_spawn(3). Node's own spawn forks: it copies the page tables of all this process has, and holds
 * the main thread until the program has begun. Here a pool thread waits, and nothing is copied.
 */
export async function posixSpawn(call: SpawnCall): Promise<Spawned> {
  const started = await startChild(call);
  void reap(started.pid);
  return started;
}

/** The same for who asks for the child's end (`endOf`), as somebody must. */
export async function startChild(call: SpawnCall): Promise<Spawned> {
  const c = (bindings ??= bind());
  const done = (error: number, name: string): void => {
    if (error !== 0) throw kernelError(name, errnoName(error), { program: call.program });
  };
  const actions = new Uint8Array(OPAQUE);
  const attributes = new Uint8Array(OPAQUE);
  const pid = new Int32Array(1);
  const pipes = new Pipes();
  done(c.initActions(actions), 'posix_spawn_file_actions_init');
  done(c.initAttributes(attributes), 'posix_spawnattr_init');
  try {
    done(c.setFlags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK), 'posix_spawnattr_setflags');
    done(c.setDefault(attributes, new Uint8Array(SIGNALS).fill(0xff)), 'posix_spawnattr_setsigdefault');
    done(c.setMask(attributes, new Uint8Array(SIGNALS)), 'posix_spawnattr_setsigmask');
    done(c.addChdir(actions, call.directory), 'posix_spawn_file_actions_addchdir_np');
    for (const [fd, file] of call.files.entries()) {
      if (file === 'null') done(c.addOpen(actions, fd, '/dev/null', O_RDWR, 0), 'posix_spawn_file_actions_addopen');
      else {
        // Above all that is put in place, so that none is overwritten before its turn.
        const source = pipes.above(call.files.length, file === 'pipe' ? pipes.open(fd) : file);
        done(c.addDup2(actions, source, fd), 'posix_spawn_file_actions_adddup2');
      }
    }
    // What this process was given without a word of closing it on exec.
    done(c.addCloseFrom(actions, call.files.length), 'posix_spawn_file_actions_addclosefrom_np');
    const argv = [call.program, ...call.args, null];
    const environment = [...Object.entries(call.env).map(([name, value]) => `${name}=${value}`), null];
    const error = await new Promise<number>((resolve, reject) => {
      c.spawn.async(new Uint8Array(pid.buffer), call.program, actions, attributes, argv, environment, (fault: unknown, result: number) => {
        if (fault !== null && fault !== undefined) reject(fault);
        else resolve(result);
      });
    });
    done(error, 'posix_spawn');
  } catch (error) {
    pipes.close();
    throw error;
  } finally {
    c.destroyActions(actions);
    c.destroyAttributes(attributes);
    pipes.closeFar();
  }
  const [child = 0] = pid;
  return { pid: child, pipes: pipes.streams(call.files.length) };
}

/** Asks for the end of a child now and then: who puts itself in the background ends at once, and must not stay a zombie. */
async function reap(pid: number): Promise<void> {
  for (let wait = FIRST_LOOK; reporting(() => libc.endOf(pid)) === undefined; wait = Math.min(wait * 2, LAST_LOOK))
    await sleep(wait, undefined, { ref: false });
}

/** Descriptors of one spawn: far ends are the program's, near ends are read here. */
class Pipes {
  readonly #near = new Map<number, number>();
  readonly #far: number[] = [];

  /** A pipe whose far end will be the program's `fd`. Answers the far end. */
  open(fd: number): number {
    const [near, far] = libc.pipe();
    this.#near.set(fd, near);
    this.#far.push(far);
    return far;
  }

  /** `fd`, or the same file at a descriptor from `least` up. */
  above(least: number, fd: number): number {
    if (fd >= least) return fd;
    const copy = libc.duplicate(fd, least);
    this.#far.push(copy);
    return copy;
  }

  streams(count: number): Spawned['pipes'] {
    return Array.from({ length: count }, (_, fd) => {
      const near = this.#near.get(fd);
      return near === undefined ? undefined : new Socket({ fd: near, readable: true, writable: false });
    });
  }

  closeFar(): void {
    for (const fd of this.#far.splice(0)) libc.close(fd);
  }

  /** Where nothing was started: all of them. */
  close(): void {
    this.closeFar();
    for (const fd of this.#near.values()) libc.close(fd);
  }
}
