import type { CommandArgs } from '@shiplog/contracts';
import { decode, type Exchange, jsonBody } from '../../http/exchange.ts';
import { booleanOf, textOf } from '../../http/query.ts';
import { json } from '../../http/reply.ts';
import { instructionsOf } from '../../translate/instructions.ts';
import { withTag } from '../../translate/reference.ts';

/** `POST /commit`: an image of what a container is now. A configuration in the body counts before `changes`. */
export async function commitContainer(exchange: Exchange): Promise<void> {
  const { engine, caller, response, gone } = exchange;
  const args = await decode(exchange, 'image.commit', () => argsOf(exchange));
  const { id } = await engine.execute('image.commit', args, caller, { signal: gone });
  json(response, 201, { Id: id });
}

async function argsOf(exchange: Exchange): Promise<CommandArgs['image.commit']> {
  const { query } = exchange;
  const repo = query.get('repo') ?? '';
  const changes = query.getAll('changes').flatMap((change) => change.split('\n').filter((line) => line.trim() !== ''));
  const config = await jsonBody(exchange);
  return {
    container: textOf(query, 'container'),
    ...(repo === '' ? {} : { reference: withTag(repo, query.get('tag')) }),
    message: query.get('comment') ?? '',
    author: query.get('author') ?? '',
    pause: booleanOf(query, 'pause', true),
    changes: [...instructionsOf(config), ...changes],
  };
}
