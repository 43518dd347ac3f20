import type { NativeClient } from '@shiplog/client';
import { UsageError } from './cli-error.ts';
import { print } from './context.ts';
import { eachOf } from './each-of.ts';
import { defineVerb, type Example } from './verb.ts';

const OPTIONS = {
  to: { type: 'text', value: 'DRIVER', help: 'Storage driver to take them to', complete: ['overlay', 'btrfs', 'vfs'] },
} as const;

/** The verb that takes containers, or images, to another storage driver, one after the other by `migrate`. */
export function migrateVerb({
  noun,
  migrate,
  ...told
}: {
  readonly noun: 'container' | 'image';
  readonly details: string;
  readonly examples: readonly Example[];
  readonly migrate: (native: NativeClient, ref: string, to: string) => Promise<{ readonly from: string }>;
}) {
  return defineVerb({
    usage: `--to DRIVER ${noun.toUpperCase()} [${noun.toUpperCase()}...]`,
    args: [1, Infinity],
    complete: noun,
    options: OPTIONS,
    ...told,
    async run(context, { to }, refs) {
      if (to === undefined || to === '') throw new UsageError('say where to, as in --to btrfs');
      const { native } = await context.client();
      return eachOf(context, `${noun} migrate`, refs, async (ref) => {
        const { from } = await migrate(native, ref, to);
        print(context, from === to ? `${ref}: was with ${to} already` : `${ref}: from ${from} to ${to}`);
      });
    },
  });
}
