import type { Kernel, NetworkDriver, Observed } from '@shiplog/contracts';
import { type DriverHome, HOME, inject, injectable, KERNEL, Sandboxes } from '@shiplog/driver-kit';

/**
 * Containers with a network namespace of their own and nothing in it but loopback. Endpoints exist in name only: there is
 * nothing to attach to, and no port can be published (Docker takes and ignores them, so this does).
 */
@injectable()
export class NoneDriver implements NetworkDriver {
  readonly #sandboxes: Sandboxes;

  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome) {
    this.#sandboxes = new Sandboxes(kernel, home.runDir);
  }

  readonly createNetwork: NetworkDriver['createNetwork'] = async () => ({});
  readonly removeNetwork: NetworkDriver['removeNetwork'] = async () => ({});
  readonly attach: NetworkDriver['attach'] = async () => ({});
  readonly detach: NetworkDriver['detach'] = async () => ({});
  readonly removeEndpoint: NetworkDriver['removeEndpoint'] = async () => ({});
  /** Nothing is published here, so no port is given out. */
  readonly freePorts: NetworkDriver['freePorts'] = async () => ({ ports: [] });

  readonly openSandbox: NetworkDriver['openSandbox'] = (args) => this.#sandboxes.open(args);

  readonly closeSandbox: NetworkDriver['closeSandbox'] = (args) => this.#sandboxes.close(args);

  observe(): Promise<readonly Observed[]> {
    return this.#sandboxes.observe();
  }
}
