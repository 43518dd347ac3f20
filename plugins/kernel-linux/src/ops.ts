import { fileOps } from './file-ops.ts';
import { firewallOps } from './firewall-ops.ts';
import { linkOps } from './link-ops.ts';
import { mountOps } from './mount-ops.ts';
import { namespaceOps } from './namespace-ops.ts';
import { socketOps } from './sockets.ts';
import { subvolumeOps } from './subvolume-ops.ts';
import { treeOps } from './tree-ops.ts';
import { walkOps } from './walk-ops.ts';

/** Every operation a kernel thread can run: synchronous, one at a time, in the order asked. */
export const OPS = {
  ...mountOps,
  ...fileOps,
  ...namespaceOps,
  ...linkOps,
  ...firewallOps,
  ...socketOps,
  ...subvolumeOps,
  ...treeOps,
  ...walkOps,
};
