import { closeSync, fstatSync } from 'node:fs';
import type { BoundSockets, Kernel } from '@shiplog/contracts';
import { Lifetime } from './lifetime.ts';
import { replaceMethods } from './replace-methods.ts';

/**
 * What a call of the kernel port is to who may die in it. `effect`: it changes what is on the host. `look`: it does not, or only what goes with
 * the process. `at once`: a look that answers synchronously.
 */
export type CallKind = 'effect' | 'look' | 'at once';

/** Every call of the port. One that is missing does not compile. */
export const KERNEL_CALLS: { readonly [G in keyof Kernel]: { readonly [C in keyof Kernel[G]]: CallKind } } = {
  mounts: { mount: 'effect', unmount: 'effect', list: 'look' },
  files: {
    mknod: 'effect',
    setXattr: 'effect',
    getXattr: 'look',
    listXattrs: 'look',
    removeXattr: 'effect',
    setTimes: 'effect',
    resolveBeneath: 'look',
    punchHole: 'effect',
    // SIGKILL takes nothing that the kernel has.
    syncFilesystem: 'look',
  },
  trees: {
    ofProcess: 'look',
    // It makes targets that are missing.
    assemble: 'effect',
    open: 'look',
    resolve: 'look',
    walk: 'at once',
  },
  subvolumes: { create: 'effect', snapshot: 'effect', setReadonly: 'effect', remove: 'effect', usage: 'look', limit: 'effect' },
  namespaces: { createNetwork: 'effect', removeNetwork: 'effect', isNamespace: 'look', setSysctl: 'effect', getSysctl: 'look' },
  links: {
    createBridge: 'effect',
    createVeth: 'effect',
    createStacked: 'effect',
    supports: 'look',
    remove: 'effect',
    up: 'effect',
    setMaster: 'effect',
    setMac: 'effect',
    addAddress: 'effect',
    addRoute: 'effect',
    list: 'look',
    routes: 'look',
  },
  firewall: { apply: 'effect', list: 'look' },
  processes: {
    spawn: 'effect',
    run: 'effect',
    // The program ends with its pipes.
    filter: 'at once',
    kill: 'effect',
    startTicks: 'look',
    origin: 'look',
    bootId: 'at once',
    peerCredentials: 'at once',
    lock: 'look',
    portIsFree: 'look',
  },
  sockets: {
    // Others find what is bound there, until this process ends.
    bind: 'effect',
    sendDatagrams: 'effect',
  },
};

/** What the process holds by a call that answered, and loses when it dies. */
const HELD: { readonly [call: string]: (answer: unknown) => readonly number[] } = {
  'trees.ofProcess': (tree) => [tree as number],
  'trees.assemble': (tree) => [tree as number],
  'trees.open': (place) => (place === undefined ? [] : [place as number]),
  'sockets.bind': (bound) => [(bound as BoundSockets).udp, (bound as BoundSockets).tcp],
};

/**
 * Puts every call of this port into the hands of the {@link Lifetime} it is made in; a call is one effect, whatever it does inside. Locks and
 * descriptors that a life took are let go of at its end. Answers how to end that.
 */
export function interceptKernel(kernel: Kernel): () => void {
  const undo = Object.entries(KERNEL_CALLS).map(([group, kinds]: [string, { readonly [call: string]: CallKind }]) =>
    replaceMethods(kernel[group as keyof Kernel], (name, method) => {
      const kind = kinds[name];
      // What is no call of the port is reached through one.
      if (kind === undefined || kind === 'at once') return undefined;
      const call = `${group}.${name}`;
      return (...args) => {
        const life = Lifetime.current;
        const run = (): Promise<unknown> => method(...args) as Promise<unknown>;
        if (call === 'files.syncFilesystem') return Promise.resolve();
        if (life === undefined) return run();
        if (call === 'processes.lock') return life.look(() => locked(life, run));
        const held = async (): Promise<unknown> => {
          const answer = await run();
          for (const fd of HELD[call]?.(answer) ?? []) life.owns(closing(fd));
          return answer;
        };
        if (kind === 'look') return life.look(held);
        // A program that has begun goes on.
        const tear = call === 'processes.spawn' ? run : undefined;
        return life.effect(`${call} ${typeof args[0] === 'string' ? args[0] : ''}`.trim(), held, tear);
      };
    }),
  );
  return () => {
    for (const one of undo) one();
  };
}

/** Closes a descriptor, unless who had it has closed it, and the number is another file's now. */
function closing(fd: number): () => Promise<void> {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return async () => {
    let now;
    try {
      now = fstatSync(fd, { bigint: true });
    } catch {
      // It is closed.
      return;
    }
    if (now.dev === dev && now.ino === ino) closeSync(fd);
  };
}

async function locked(life: Lifetime, lock: () => Promise<unknown>): Promise<unknown> {
  const held = (await lock()) as Awaited<ReturnType<Kernel['processes']['lock']>>;
  if (held === undefined) return undefined;
  let release: Promise<void> | undefined;
  const once = (): Promise<void> => (release ??= held.release());
  life.owns(once);
  return { release: once };
}
