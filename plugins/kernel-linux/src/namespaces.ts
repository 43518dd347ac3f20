import type { NamespaceCalls } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';

/** The namespace port over a kernel thread. */
export function namespaceCalls(call: LaneCall): NamespaceCalls {
  return {
    createNetwork: (path) => call('createNetwork', path),
    removeNetwork: (path) => call('removeNetwork', path),
    isNamespace: (path) => call('isNamespace', path),
    setSysctl: (name, value, namespace) => call('setSysctl', name, value, namespace),
    getSysctl: (name, namespace) => call('getSysctl', name, namespace),
  };
}
