import { inLab, type TestFunction } from '../in-lab.ts';
import { addressChecks, routedChecks, wiredChecks } from './address-checks.ts';
import { networkCrashChecks } from './crash.ts';
import { Lab, type NetworkCapabilities, type NetworkFactory } from './lab.ts';
import { lifeCycleChecks } from './life-cycle.ts';
import { portChecks } from './port-checks.ts';

export interface NetworkSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: NetworkFactory;
  /** As in the driver's manifest. */
  readonly capabilities: NetworkCapabilities;
}

/**
 * Proves that a network driver keeps the contract in `NETWORK_VERBS`, whatever it is made of. Wants root, the real kernel,
 * nsenter(1), ip(8), and a network namespace to itself (see `apart`), because it compares all links, nft tables and
 * namespace files before and after. Leaves nothing behind, also when a check fails.
 */
export function networkSuite({ test, factory, capabilities }: NetworkSuite): void {
  const check = inLab(test, async () => new Lab(await factory(), capabilities));
  lifeCycleChecks(check, capabilities);
  if (capabilities.addresses) addressChecks(check, capabilities);
  if (capabilities.routed) routedChecks(check);
  if (capabilities.wired) wiredChecks(check);
  if (capabilities.ports) portChecks(check, capabilities);
  networkCrashChecks(test, factory, capabilities);
}
