import type { LinkCalls } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';
import { deleteIndex } from './link-messages.ts';
import { reportingLater } from './report.ts';
import { RouteSocket } from './rtnetlink.ts';

/**
 * Removes a link of the host's namespace; succeeds when there is none. The kernel takes it out of sight within two milliseconds, but answers only
 * after all processors have let go of it, ten times as long. So the request goes out on a pool thread, and this resolves as soon
 * as a look under the kernel's link lock no longer finds the link. A request that has reached the kernel is carried
 * out even if this process dies.
 *
 * The request may still wait for its thread when somebody else has removed the link: it names the index, which no link gets again, so that it leaves one
 * of the same name alone that was made meanwhile.
 */
async function removeHostLink(call: LaneCall, name: string): Promise<void> {
  const index = await call('linkIndex', name);
  if (index === undefined) return;
  const socket = new RouteSocket();
  let answered = false;
  const answer = socket.talkLater(deleteIndex(index, name)).finally(() => {
    answered = true;
    socket.close();
  });
  const gone = async (): Promise<void> => {
    for (let there = true; there; there = !answered && (await call('hasIndex', index)));
    if (answered) await answer;
  };
  await Promise.race([answer, gone()]);
}

/** The link port over a kernel thread. */
export function linkCalls(call: LaneCall): LinkCalls {
  return {
    createBridge: (name, options = {}) => call('createBridge', name, options),
    createVeth: (name, peer, options = {}) => call('createVeth', name, peer, options),
    createStacked: (parent, kind, link) => call('createStacked', parent, kind, link),
    supports: (kind) => call('supportsLink', kind),
    remove: (name, namespace) =>
      namespace === undefined ? reportingLater(() => removeHostLink(call, name)) : call('removeLink', name, namespace),
    up: (name, namespace) => call('changeLink', name, { up: true }, namespace),
    setMaster: (name, bridge) => call('setMaster', name, bridge),
    setMac: (name, mac, namespace) => call('changeLink', name, { mac }, namespace),
    addAddress: (name, cidr, namespace) => call('addAddress', name, cidr, namespace),
    addRoute: (route, namespace) => call('addRoute', route, namespace),
    list: (namespace) => call('listLinks', namespace),
    routes: (namespace) => call('listRoutes', namespace),
  };
}
