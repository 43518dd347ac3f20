import type { IoChannel, OutputChunk } from '@shiplog/contracts';

/**
 * A channel through which nothing passes, either way, before `recorded` resolves; where that rejects, nothing does at all, and both its output and what is
 * written fail. Until then it holds what comes, as far as the channel does.
 */
export function behind(channel: IoChannel, recorded: Promise<void>): IoChannel {
  // Told to whoever reads or writes.
  recorded.catch(() => undefined);
  return {
    output: outputOf(channel, recorded),
    async write(data) {
      await recorded;
      await channel.write(data);
    },
    endInput: () =>
      void recorded.then(
        () => channel.endInput(),
        () => channel.close(),
      ),
    close: () => channel.close(),
  };
}

async function* outputOf(channel: IoChannel, recorded: Promise<void>): AsyncGenerator<OutputChunk> {
  await recorded;
  yield* channel.output;
}
