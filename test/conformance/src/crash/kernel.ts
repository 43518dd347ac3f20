import type { Kernel } from '@shiplog/contracts';
import { Lifetime } from './lifetime.ts';
import { replaceMethods } from './replace-methods.ts';

/** Calls of the kernel port that change nothing on the host. */
const LOOKS: ReadonlySet<string> = new Set([
  'mounts.list',
  'files.getXattr',
  'files.listXattrs',
  'files.resolveBeneath',
  'namespaces.isNamespace',
  'namespaces.getSysctl',
  'links.list',
  'links.routes',
  'firewall.list',
  'processes.startTicks',
  'processes.origin',
  'processes.lock',
  'processes.portIsFree',
]);

/** Calls that answer at once. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['processes.bootId', 'processes.peerCredentials']);

/**
 * Puts every call of this port into the hands of the {@link Lifetime} it is made in; a call is one effect, whatever it does inside. A
 * lock that a life took is released at its end. Answers how to end that.
 */
export function interceptKernel(kernel: Kernel): () => void {
  const { mounts, files, namespaces, links, firewall, processes } = kernel;
  const undo = Object.entries({ mounts, files, namespaces, links, firewall, processes }).map(([group, calls]) =>
    replaceMethods(calls, (name, method) => {
      const call = `${group}.${name}`;
      if (SYNCHRONOUS.has(call)) return undefined;
      return (...args) => {
        const life = Lifetime.current;
        const run = (): Promise<unknown> => method(...args) as Promise<unknown>;
        if (call === 'files.syncFilesystem') return Promise.resolve();
        if (life === undefined) return run();
        if (call === 'processes.lock') return life.look(() => locked(life, run));
        if (LOOKS.has(call)) return life.look(run);
        // A program that has begun goes on.
        const tear = call === 'processes.spawn' ? run : undefined;
        return life.effect(`${call} ${typeof args[0] === 'string' ? args[0] : ''}`.trim(), run, tear);
      };
    }),
  );
  return () => {
    for (const one of undo) one();
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
