import { parentPort } from 'node:worker_threads';
import { fileOps } from './files.ts';
import { firewallOps } from './firewall-ops.ts';
import { refusalOf } from './kernel-error.ts';
import type { LaneAnswer, LaneRequest } from './lane.ts';
import { linkOps } from './link-ops.ts';
import { mountOps } from './mounts.ts';
import { namespaceOps } from './namespaces.ts';
import { socketOps } from './sockets.ts';
import { subvolumeOps } from './subvolumes.ts';
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

function answer(request: LaneRequest): LaneAnswer {
  try {
    return { id: request.id, value: Reflect.apply(OPS[request.op], undefined, request.args) };
  } catch (error) {
    return { id: request.id, error: refusalOf(error).toRecord() };
  }
}

const port = parentPort;
port?.on('message', (request: LaneRequest) => port.postMessage(answer(request)));
