import type { CommandType } from '@shiplog/contracts';

/** A command, or one under other circumstances. */
export type Verb = CommandType | 'container.start, named' | 'container.extract, running' | 'container.archive, running';

/** In the order of a life. One that is missing does not compile. */
const EVERY: { readonly [T in Verb]: true } = {
  'image.load': true,
  'image.import': true,
  'image.commit': true,
  'image.pull': true,
  'image.tag': true,
  'image.migrate': true,
  'image.remove': true,
  'image.prune': true,
  'network.create': true,
  'network.remove': true,
  'network.connect': true,
  'network.disconnect': true,
  'volume.create': true,
  'volume.remove': true,
  'container.create': true,
  'container.start': true,
  'container.start, named': true,
  'container.stop': true,
  'container.restart': true,
  'container.kill': true,
  'container.pause': true,
  'container.unpause': true,
  'container.rename': true,
  'container.migrate': true,
  'container.update': true,
  'container.resize': true,
  'container.extract': true,
  'container.extract, running': true,
  'container.stat': true,
  'container.archive': true,
  'container.archive, running': true,
  'container.export': true,
  'exec.create': true,
  'exec.start': true,
  'exec.resize': true,
  'container.release': true,
  'container.remove': true,
  'container.prune': true,
  'plugin.enable': true,
  'plugin.disable': true,
  'plugin.reload': true,
  'subject.erase': true,
  'log.seal': true,
  'log.prune': true,
};

export const VERBS = Object.keys(EVERY) as readonly Verb[];
