export { compose } from './compose.ts';
export { DriverRegistry, findKernel } from './driver-registry.ts';
export { hostClock, hostIdentities, sortableId } from './identities.ts';
export { loadPlugins } from './load-plugins.ts';

export type { Host, HostConfig } from './compose.ts';
export type { ServicesFor } from './driver-registry.ts';
export type { LoadedPlugin } from './load-plugins.ts';
