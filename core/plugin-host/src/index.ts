export { compose } from './compose.ts';
export { DriverRegistry } from './driver-registry.ts';
export { findPlugins } from './find-plugins.ts';
export { hostClock, hostIdentities, sortableId } from './identities.ts';

export type { Host, HostConfig } from './compose.ts';
export type { StandIn } from './driver-registry.ts';
export type { InstalledPlugin, ModuleLoader } from './find-plugins.ts';
