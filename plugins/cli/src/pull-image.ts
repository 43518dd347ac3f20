import type { Client } from '@shiplog/client';
import { type Context, print } from './context.ts';
import { ProgressBar } from './format/progress-bar.ts';

export interface PullOptions {
  /** Without one, the first source that knows the image. */
  readonly source?: string | undefined;
  readonly storageDriver?: string | undefined;
  readonly platform?: string | undefined;
  readonly quiet: boolean;
  /** Every tag of the name, and not `latest`. */
  readonly allTags?: boolean;
}

/** Has the engine pull an image, with a bar for all its blobs together, and hands on what it says in the end. */
export async function pullImage(
  context: Context,
  { docker }: Client,
  reference: string,
  { source, storageDriver, platform, quiet, allTags = false }: PullOptions,
  say: (line: string) => void = (line) => print(context, line),
): Promise<void> {
  const bar = new ProgressBar(context.stderr, `Pulling ${reference}`, { unit: 'bytes', quiet });
  const blobs = new Map<string, { readonly current: number; readonly total: number }>();
  const sum = (of: 'current' | 'total'): number => [...blobs.values()].reduce((all, blob) => all + blob[of], 0);
  const isBare = !/[:@][^/]*$/.test(reference);
  const query = {
    ...(isBare && !allTags ? { tag: 'latest' } : {}),
    ...(source === undefined ? {} : { source }),
    ...(storageDriver === undefined ? {} : { storageDriver }),
    ...(platform === undefined ? {} : { platform }),
  };
  try {
    for await (const { id, status, progressDetail } of await docker.pullImage(reference, query)) {
      const { current, total } = progressDetail ?? {};
      if (id !== undefined && status === 'Downloading' && current !== undefined && total !== undefined) {
        blobs.set(id, { current, total });
        bar.update(sum('current'), sum('total'));
      } else if (id === undefined && status !== undefined) {
        bar.clear();
        if (!quiet) say(status);
      }
    }
  } finally {
    bar.clear();
  }
}
