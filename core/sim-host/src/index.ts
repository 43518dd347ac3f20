export { populate } from './populate.ts';
export { SimHost } from './sim-host.ts';
export { simulatedDrivers } from './simulated-drivers.ts';

export type { Around, DriverCall } from './call.ts';
export type { Archives } from './image-store.ts';
export type { Behaviour, SimHostOptions, SimProcess } from './sim-host.ts';
export type { SimulatedDrivers, SimulatedOptions } from './simulated-drivers.ts';
