import type { PluginControl, PluginInfo, PluginLine, Reloaded } from '@shiplog/contracts';
import type { DriverRegistry } from './driver-registry.ts';

/** What can be done with installed plugins. */
export class PluginManager implements PluginControl {
  constructor(private readonly registry: DriverRegistry) {}

  list(): readonly PluginInfo[] {
    return this.registry.plugins.map(({ info }) => info);
  }

  inspect(name: string): PluginInfo {
    return this.registry.plugin(name).info;
  }

  lines(name: string): readonly PluginLine[] {
    return this.registry.plugin(name).lines.recent;
  }

  start(name: string): Promise<void> {
    return this.registry.plugin(name).start();
  }

  stop(name: string): Promise<void> {
    return this.registry.plugin(name).stop();
  }

  reload(name: string): Promise<Reloaded> {
    return this.registry.plugin(name).reload();
  }
}
