import { type CommandAnswers, type CommandArgs, ShiplogError } from '@shiplog/contracts';
import { firstFrom } from '../position.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, momentParameter, type Route, switchParameter } from '../route.ts';

/** Verbs that move or remove old events. */
type Verb = 'log.seal' | 'log.prune';

/** `POST log/seal?before=MOMENT`: moves older events into compressed archives; answers which. All reads go on as before. */
export const seal: Route = route('log.seal', 'seal');

/**
 * `POST log/prune?before=MOMENT&overtake=`: removes older events for good, as far as whole archives go; answers the first that is kept. Proofs of all
 * others hold. `before` is a position, which stays, or a time. Waits a moment for those who follow, and is refused (LOG_PRUNE_BLOCKED) while one has not been
 * given what would go; with `overtake=1` they are told LOG_PRUNED.
 */
export const prune: Route = route('log.prune', 'prune');

function route(verb: Verb, word: string): Route {
  return {
    method: 'POST',
    verbs: [verb],
    path: ['log', word],
    query: verb === 'log.prune' ? ['before', 'overtake'] : ['before'],
    async answer(exchange: Exchange): Promise<void> {
      const answer: CommandAnswers[Verb] = await exchange.record.execute(verb, await argsOf(exchange));
      replyJson(exchange.response, 200, answer);
    },
  };
}

async function argsOf(exchange: Exchange): Promise<CommandArgs['log.prune']> {
  const overtake = switchParameter(exchange.query, 'overtake');
  return { before: await positionBefore(exchange), ...(overtake && { overtake }) };
}

/** Position of the first event that is to stay. */
async function positionBefore({ engine, query }: Exchange): Promise<number> {
  const moment = momentParameter(query, 'before', 'first');
  if (moment === undefined) throw new ShiplogError('REQUEST_INVALID', 'the parameter before is missing: give a position or a time');
  if ('time' in moment && BigInt(moment.time) > BigInt(Date.now()) * 1_000_000n)
    throw new ShiplogError(
      'REQUEST_INVALID',
      `${query.get('before')} is yet to come: give \`now\` for all that is there, or an earlier time`,
      {
        moment: query.get('before'),
      },
    );
  return firstFrom(engine, moment);
}
