import { cp, mkdir, rm } from 'node:fs/promises';
import type { Kernel } from '@shiplog/contracts';
import { usageOf } from '../../tree-usage.ts';
import type { Recorder } from './recorder.ts';
import { walkDisk } from './trees.ts';

/** Subvolumes as directories. */
export function recordingSubvolumes(recorder: Recorder): Kernel['subvolumes'] {
  return {
    async create(path) {
      recorder.note('subvolumes.create', path);
      await mkdir(path, 0o755);
    },
    async snapshot(source, path) {
      recorder.note('subvolumes.snapshot', source, path);
      await cp(source, path, { recursive: true, errorOnExist: true, force: false, verbatimSymlinks: true });
    },
    async setReadonly(path, readonly) {
      recorder.note('subvolumes.setReadonly', path, readonly);
    },
    async remove(path) {
      recorder.note('subvolumes.remove', path);
      await rm(path, { recursive: true, force: true });
    },
    async usage(path) {
      recorder.note('subvolumes.usage', path);
      return usageOf(walkDisk(path));
    },
    async limit(path, bytes) {
      recorder.note('subvolumes.limit', path, bytes);
    },
  };
}
