import { migrateVerb } from '../migrate-verb.ts';

export default migrateVerb({
  noun: 'container',
  details:
    "Makes the image's layers anew with the other driver, and on them what the container changed, and then removes that where it was.\nA container that runs is stopped first, by you. Its image stays where it is.",
  examples: [{ command: 'shiplog container migrate --to btrfs db', what: 'the next start finds all its files, on btrfs' }],
  migrate: (native, container, to) => native.migrateContainer(container, to),
});
