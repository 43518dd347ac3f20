import type { Client } from '@shiplog/client';
import { type Context, print } from './context.ts';
import { BlobsBar } from './format/blobs-bar.ts';

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
  const bar = new BlobsBar(context.stderr, `Pulling ${reference}`, quiet);
  const isBare = !/[:@][^/]*$/.test(reference);
  const query = {
    ...(isBare && !allTags ? { tag: 'latest' } : {}),
    ...(source === undefined ? {} : { source }),
    ...(storageDriver === undefined ? {} : { storageDriver }),
    ...(platform === undefined ? {} : { platform }),
  };
  try {
    for await (const line of await docker.pullImage(reference, query)) {
      if (bar.takes(line) || line.status === undefined) continue;
      bar.clear();
      if (!quiet) say(line.status);
    }
  } finally {
    bar.clear();
  }
}
