import { closeSync } from 'node:fs';
import { ShiplogError, type TreeCalls } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';
import { startTicks } from './processes.ts';
import { walkTree } from './walk-tree.ts';

/** The tree port over two kernel threads: walks take their time. */
export function treeCalls(call: LaneCall, walks: LaneCall): TreeCalls {
  return {
    async ofProcess({ pid, startTicks: start }) {
      const tree = await call('processTree', pid);
      // It was that process all the time, then: a pid is not reused while its process lives.
      if (startTicks(pid) === start) return tree;
      closeSync(tree);
      throw new ShiplogError('KERNEL_CALL_FAILED', `process ${pid} is gone`, { call: 'setns', errno: 'ESRCH', pid });
    },
    assemble: (plan) => call('assembledTree', plan),
    open: (tree, path, { follow }) => call('openInTree', tree, path, follow),
    resolve: (tree, path) => call('resolveInTree', tree, path),
    walk: (root, depth) => walkTree(walks, root, depth),
  };
}
