import { EngineBase } from './base.ts';
import { IoHub } from './containers/io-hub.ts';
import { Names } from './containers/names.ts';
import { OomKills } from './containers/oom-kills.ts';
import { Outputs } from './containers/outputs.ts';
import { LayerLeases } from './drivers/layer-leases.ts';
import { FilesOfContainers } from './files/container-files.ts';
import type { EngineParts } from './ports.ts';
import { Probes } from './probes/probes.ts';
import type { Ledger } from './state/ledger.ts';

/** What operations, reactors and recovery share: the base, and what goes on beside operations. */
export class EngineCore extends EngineBase {
  readonly io: IoHub;
  readonly outputs: Outputs;
  readonly oomKills: OomKills;
  readonly names: Names;
  readonly filesOfContainers: FilesOfContainers;
  readonly probes: Probes;
  readonly leases = new LayerLeases();

  constructor(parts: EngineParts, ledger: Ledger) {
    super(parts, ledger);
    this.io = new IoHub((kind, runtime, target) => parts.drivers.get(kind, runtime).attach(target));
    this.outputs = new Outputs(this);
    this.oomKills = new OomKills(this);
    this.names = new Names(parts, ledger);
    this.filesOfContainers = new FilesOfContainers(parts);
    this.probes = new Probes(this, this.io);
  }
}
