import type { NetworkName, Outcomes } from './events.ts';
import type { Digest } from './image.ts';
import type { Reloaded } from './plugins.ts';

/** What a verb answers with once its outcome is durable. */
export interface CommandAnswers {
  'container.create': { readonly id: string; readonly warnings: readonly string[] };
  'container.start': { readonly id: string };
  'container.stop': { readonly id: string; readonly exitCode: number };
  'container.restart': { readonly id: string };
  'container.kill': { readonly id: string };
  'container.pause': { readonly id: string };
  'container.unpause': { readonly id: string };
  'container.rename': { readonly id: string };
  'container.migrate': { readonly id: string; readonly from: string; readonly to: string };
  'container.update': { readonly id: string; readonly warnings: readonly string[] };
  'container.resize': { readonly id: string };
  'container.extract': Outcomes['container.extract'];
  'container.stat': Record<string, never>;
  'container.archive': Outcomes['container.archive'];
  'container.export': Outcomes['container.export'];
  'container.remove': { readonly id: string };
  'container.release': { readonly id: string };
  'container.prune': { readonly removed: readonly string[]; readonly reclaimedBytes: number };
  'exec.create': { readonly id: string };
  'exec.start': { readonly id: string };
  'exec.resize': { readonly id: string };
  'image.load': { readonly images: readonly { readonly id: Digest; readonly tags: readonly string[] }[] };
  'image.import': { readonly id: Digest };
  'image.commit': { readonly id: Digest };
  /** `tags` as they were given, in their familiar form. */
  'image.build': { readonly id: Digest; readonly tags: readonly string[] };
  /** `digest` is that of what the reference stands for; `isNew`: the reference stood for another image here, or for none. */
  'image.pull': { readonly id: Digest; readonly digest: Digest; readonly source: string; readonly isNew: boolean };
  /** The manifest that the reference stands for now, and its length in bytes. */
  'image.push': { readonly id: Digest; readonly digest: Digest; readonly size: number; readonly source: string };
  'image.tag': { readonly id: Digest };
  'image.migrate': { readonly id: Digest; readonly from: string; readonly to: string };
  'image.remove': { readonly untagged: readonly string[]; readonly deleted: readonly Digest[] };
  'image.prune': { readonly untagged: readonly string[]; readonly deleted: readonly Digest[]; readonly reclaimedBytes: number };
  'network.create': { readonly id: string };
  'network.remove': { readonly id: string };
  'network.prune': { readonly removed: readonly NetworkName[] };
  'network.connect': { readonly id: string };
  'network.disconnect': { readonly id: string };
  'volume.create': { readonly name: string };
  'volume.remove': { readonly name: string };
  'volume.prune': Outcomes['volume.prune'];
  'plugin.enable': { readonly name: string };
  'plugin.disable': { readonly name: string };
  'plugin.reload': Reloaded & { readonly name: string };
  'subject.erase': { readonly subject: string };
  'log.seal': Outcomes['log.seal'];
  'log.prune': Outcomes['log.prune'];
}
