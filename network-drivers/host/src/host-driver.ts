import type { NetworkDriver, Observed } from '@shiplog/contracts';
import { injectable } from '@shiplog/driver-kit';

/**
 * Containers in the host's own network namespace. It makes nothing on the host, so every verb is done at once. Published
 * ports are taken and ignored, as Docker does: what the container listens on is on the host already.
 */
@injectable()
export class HostDriver implements NetworkDriver {
  readonly createNetwork: NetworkDriver['createNetwork'] = async () => ({});
  readonly removeNetwork: NetworkDriver['removeNetwork'] = async () => ({});
  /** No path: the container joins no namespace. Sysctls of the host are not a container's to set; none is. */
  readonly openSandbox: NetworkDriver['openSandbox'] = async () => ({});
  readonly closeSandbox: NetworkDriver['closeSandbox'] = async () => ({});
  readonly attach: NetworkDriver['attach'] = async () => ({});
  readonly detach: NetworkDriver['detach'] = async () => ({});
  readonly removeEndpoint: NetworkDriver['removeEndpoint'] = async () => ({});
  /** Nothing is published here, so no port is given out. */
  readonly freePorts: NetworkDriver['freePorts'] = async () => ({ ports: [] });

  async observe(): Promise<readonly Observed[]> {
    return [];
  }
}
