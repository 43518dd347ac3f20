import type { CauseLink, ShiplogEvent } from '@shiplog/contracts';
import type { ExplainedObject, ObjectKind } from '@shiplog/client';
import { AT } from '../at.ts';
import { UsageError } from '../cli-error.ts';
import { type Context, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { actorText } from '../format/actor.ts';
import { localTime } from '../format/human-time.ts';
import { userNames } from '../user-names.ts';
import { defineVerb } from '../verb.ts';
import { printable } from '../format/printable.ts';

const KINDS: readonly ObjectKind[] = ['container', 'image', 'network', 'volume'];

const RELATIONS: { readonly [R in CauseLink['relation']]: string } = {
  last: '',
  asked: 'came of ',
  caused: 'because of ',
  during: 'during ',
  after: 'after ',
  since: '… and so on, since ',
};

export default defineVerb({
  usage: '[OPTIONS] NAME',
  args: [1, 1],
  complete: 'container',
  options: {
    at: AT,
    type: { type: 'text', value: 'KIND', help: 'container, image, network or volume', complete: KINDS },
    format: { type: 'text', value: 'json', help: 'The record and its causes, events whole, as JSON', complete: ['json'] },
  },
  details:
    'Why something is as it is: the chain of causes from its state back to the request and its caller; of a container that runs also\nwhat its health check found. Also for what is gone.',
  examples: [
    { command: 'shiplog why web', what: 'who stopped it, or why did it end?' },
    { command: "shiplog why web --at '1 hour ago'", what: 'and why did it run an hour ago?' },
  ],
  async run(context, flags, [name = '']) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const kind = flags.type === undefined ? 'any' : KINDS.find((known) => known === flags.type);
    if (kind === undefined) throw new UsageError(`--type takes ${KINDS.join(', ')}, not "${flags.type}"`);
    const { native } = await context.client();
    const explained = await native.why(kind, name, flags.at);
    if (flags.format === 'json') print(context, JSON.stringify(explained));
    else printExplained(context, explained, await userNames());
    return EXIT.ok;
  },
});

function printExplained(context: Context, explained: ExplainedObject, users: ReadonlyMap<number, string>): void {
  const { chain, origin, health } = explained;
  print(context, context.colors.bold(printable(stateText(explained))));
  if (chain.length === 0) print(context, '  what made it so was pruned from the log');
  printChain(context, chain);
  printCaller(context, chain, users);
  if (health.length > 0) {
    print(context, context.colors.bold('Its health:'));
    printChain(context, health);
  }
  if (origin.length === 0) return;
  print(context, context.colors.bold('It came to be:'));
  printChain(context, origin);
  printCaller(context, origin, users);
}

function stateText({ kind, record, removedAt }: ExplainedObject): string {
  const name = 'tags' in record ? (record.tags[0] ?? record.id) : record.name;
  if (removedAt !== undefined) return `${kind} ${name} is gone`;
  if (kind !== 'container') return `${kind} ${name} is there`;
  const { status, exitCode, error, health, process, restartCount, spec } = record;
  const exit = status === 'exited' ? ` with code ${exitCode}` : '';
  const how = health === undefined || process === undefined ? '' : ` (${health.status})`;
  const { policy, maxRetries } = spec.restart;
  const most = maxRetries > 0 ? `, at most ${maxRetries} times` : '';
  const times = restartCount === 1 ? 'once' : `${restartCount} times`;
  const again = restartCount === 0 ? '' : `, restarted ${times} by its policy ${policy}${most}`;
  return `container ${name} is ${status}${exit}${how}${again}${error === '' ? '' : `: ${error}`}`;
}

/** Each link farther in than the one it explains. */
function printChain(context: Context, chain: readonly CauseLink[]): void {
  const { colors } = context;
  for (const [depth, { relation, event }] of chain.entries()) {
    const time = localTime(Number(BigInt(event.t) / 1_000_000n));
    const what = `${RELATIONS[relation]}${colors.bold(event.type)}${printable(factsOf(event))}`;
    print(context, `${'  '.repeat(depth + 1)}${colors.dim(time)} ${colors.cyan(`#${event.seq}`)} ${what}`);
  }
}

/** Who was at the beginning of a chain. */
function printCaller(context: Context, chain: readonly CauseLink[], users: ReadonlyMap<number, string>): void {
  const first = chain.at(-1)?.event;
  if (first === undefined) return;
  const { actor, req } = first;
  const via = req === undefined ? '' : ` via ${req.method} ${req.route}${req.agent === undefined ? '' : ` (${req.agent})`}`;
  const verb = first.kind === 'intent' ? 'asked by' : 'told by';
  print(context, `${'  '.repeat(chain.length + 1)}${verb} ${printable(`${actorText(actor, users)}${via}`)}`);
}

function factsOf(event: ShiplogEvent): string {
  if (event.type === 'container.exited') return `: code ${event.data.exitCode}${event.data.oomKilled ? ', out of memory' : ''}`;
  if (event.type === 'engine.started') return event.data.clean ? '' : ': the one before was killed';
  if (event.type === 'container.health') {
    const { was, status, exitCode } = event.data;
    return `: ${was} to ${status}, a probe ${exitCode === -1 ? 'could not run or took too long' : `ended with code ${exitCode}`}`;
  }
  const error = event.result?.error;
  if (error !== undefined) return `: ${error.code}, ${error.message}`;
  if ((event.type === 'container.kill.requested' || event.type === 'container.stop.requested') && event.data.decided !== null)
    return `: signal ${event.data.decided.signal}`;
  return event.kind === 'intent' && event.cause !== undefined ? ` by ${actorText(event.actor)}` : '';
}
