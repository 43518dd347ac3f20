import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernel } from '@shiplog/contracts';
import { namesIn } from '@shiplog/driver-kit';

/**
 * Keeps loopback addresses of the host its own, while there are networks. The plugin `portmap` lets packets for them be routed, and translates those for a
 * port that is published on 127.0.0.1 wherever they come from: a neighbour on the wire could reach it, and a container what the host has on loopback.
 *
 * A rule of a table of this engine; which networks there are, files in the run directory say.
 */
export class LoopbackGuard {
  readonly #kernel: Kernel;
  readonly #table: string;
  readonly #networks: string;

  constructor(kernel: Kernel, engineId: string, runDir: string) {
    this.#kernel = kernel;
    this.#table = `ip shiplog_cni_${engineId}`;
    this.#networks = join(runDir, 'networks');
  }

  async isRaised(network: string): Promise<boolean> {
    return (await namesIn(this.#networks)).includes(network);
  }

  /** May be repeated. */
  async raise(network: string): Promise<void> {
    await mkdir(this.#networks, { recursive: true });
    await writeFile(join(this.#networks, network), '');
    // Before connections are tracked and destinations translated. Packets of the host itself come in by lo.
    await this.#kernel.firewall.apply(
      `add table ${this.#table}\n` +
        `add chain ${this.#table} loopback { type filter hook prerouting priority raw; }\n` +
        `flush chain ${this.#table} loopback\n` +
        `add rule ${this.#table} loopback iif != lo ip daddr 127.0.0.0/8 drop\n`,
    );
  }

  /** The table goes with the last network. Succeeds when there is nothing. */
  async lower(network: string): Promise<void> {
    const others = (await namesIn(this.#networks)).filter((name) => name !== network);
    if (others.length === 0) await this.#kernel.firewall.apply(`add table ${this.#table}\ndelete table ${this.#table}\n`);
    await rm(join(this.#networks, network), { force: true });
  }
}
