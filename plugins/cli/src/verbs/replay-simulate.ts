import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { openSource, SOURCE_HELP } from '../replay/open-source.ts';
import { printComparison, printOthers } from '../replay/print-comparison.ts';
import { parseSpeed } from '../replay/speed.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] [SOURCE]',
  args: [0, 1],
  complete: 'file',
  options: {
    driver: {
      type: 'list',
      value: 'FAMILY=NAME[:TIMES]',
      help: 'Another driver, so many times as slow as the recorded one: storage=vfs:3',
    },
    latency: { type: 'list', value: 'STEP=TIME', help: 'How long a step takes: storage.mount=5ms, 5ms-20ms, or x2' },
    fault: { type: 'list', value: 'SEQ=CODE[@STEP]', help: 'Fail the command at a position: 120=DISK_FULL@storage.mount' },
    speed: {
      type: 'text',
      value: '1x',
      help: 'How much faster than recorded commands come; max: nobody thinks',
      complete: ['1x', '10x', 'max'],
    },
    seed: { type: 'text', value: 'N', help: 'Another seed draws other latencies; 1 if absent' },
    resample: { type: 'switch', help: 'Draw all latencies from the log, also where it says how long it took' },
    out: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      help: 'Write the simulated log, as JSON lines; .gz and .zst are compressed',
      complete: 'file',
    },
    format: { type: 'text', value: 'json', help: 'Print all of it as one JSON object', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details: `Runs the engine itself over simulated drivers, with the recorded commands, latencies, failures and exits, on a clock that jumps from\none event to the next; then again as it was not. Makes no call to the kernel. The same seed gives the same log.\n${SOURCE_HELP}`,
  examples: [
    { command: 'shiplog replay simulate export.jsonl', what: 'how true is the simulation?' },
    { command: 'shiplog replay simulate --driver storage=vfs:3 export.jsonl', what: 'what if storage were three times as slow?' },
    { command: 'shiplog replay simulate --fault 120=DISK_FULL --out what-if.jsonl export.jsonl', what: 'what if the disk had been full?' },
  ],
  async run(context, flags, [path]) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const speed = parseSpeed(flags.speed ?? '1x');
    const seed = Number(flags.seed ?? 1);
    if (!Number.isSafeInteger(seed)) throw new UsageError(`--seed takes an integer, not "${flags.seed}"`);
    const replay = await import('@shiplog/replay');
    const whatIf = {
      drivers: new Map(flags.driver.map(replay.parseOtherDriver)),
      latencies: new Map(flags.latency.map(replay.parseStepLatency)),
      faults: flags.fault.map(replay.parseFault),
    };
    const reading = new ProgressBar(context.stderr, 'Reading', { unit: 'count', quiet: flags.quiet });
    const recording = await replay
      .readRecording(await openSource(context, path), (events) => reading.update(events))
      .finally(() => reading.clear());
    const bar = new ProgressBar(context.stderr, 'Simulating', { unit: 'count', quiet: flags.quiet });
    const simulated = await replay
      .simulate(recording, { whatIf, seed, speed, resample: flags.resample, progress: (done, total) => bar.update(done, total) })
      .finally(() => bar.clear());
    if (flags.out !== undefined) await replay.writeExport(flags.out, simulated.events, replay.boundaryOf(recording.start));
    const { verbs, spanMs, others, wallMs, released, unmet } = simulated;
    const sides = [
      { name: 'recorded', verbs: recording.verbs, spanMs: recording.spanMs },
      { name: 'simulated', verbs, spanMs },
    ] as const;
    if (flags.format === 'json') {
      const { skipped, starts } = recording;
      print(
        context,
        JSON.stringify({ recorded: { ...sides[0], skipped, starts }, simulated: { ...sides[1], wallMs, released }, others, unmet }),
      );
      return EXIT.ok;
    }
    printComparison(context, sides);
    printOthers(context, others, 'recorded');
    for (const { seq, code, step } of unmet)
      print(
        context,
        `the fault ${code} at ${seq} was not met: the command there came to no ${step === undefined ? 'call' : `step ${step}`}`,
      );
    print(context, `simulated in ${(wallMs / 1000).toFixed(2)} s, ${Math.round(spanMs / wallMs)} times as fast as time`);
    if (recording.skipped > 0) print(context, `${recording.skipped} requests could not be asked again`);
    return EXIT.ok;
  },
});
