import { migrateVerb } from '../migrate-verb.ts';

export default migrateVerb({
  noun: 'image',
  details:
    'Makes the layers anew with the other driver, from what was loaded, and then removes them where they were. No container may be\nmade from the image: what it changed lies on the layers where they are.',
  examples: [{ command: 'shiplog image migrate --to btrfs busybox', what: 'containers made from it from now on are on btrfs' }],
  migrate: (native, image, to) => native.migrateImage(image, to),
});
