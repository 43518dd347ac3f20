import { ShiplogError } from '@shiplog/contracts';
import { built } from './repository.ts';
import { table } from './markdown.ts';

/** What a route does to a response, as far as routes that refuse go. */
interface Response {
  writeHead(status: number): void;
  end(): void;
}

interface Row {
  readonly method: string;
  readonly template: string;
  readonly past?: boolean;
  readonly route: (exchange: { readonly response: Response; readonly engine: Engine }) => Promise<void>;
}

/** Who records what is refused. */
interface Engine {
  refuse(verb: undefined, error: ShiplogError): Promise<ShiplogError>;
}

const RECORDS_NOTHING: Engine = { refuse: (_verb, error) => Promise.resolve(error) };

/** Every route of the Docker Engine API with what it answers: served (some at any moment), 501, or 503. */
export async function dockerRoutes(): Promise<string> {
  const { ROUTES }: { readonly ROUTES: readonly Row[] } = await import(built('plugins/api-docker/dist/routes/table.js'));
  const { REFUSED }: { readonly REFUSED: readonly Row[] } = await import(built('plugins/api-docker/dist/routes/refused.js'));
  const rows: string[][] = [];
  for (const row of ROUTES) {
    if (row.template === '/{any*}') continue; // OPTIONS of everything.
    const answer = REFUSED.includes(row) ? await refusal(row) : row.past === true ? 'served, takes `at`' : 'served';
    rows.push([row.method, `\`${row.template}\``, answer]);
  }
  return table(['method', 'route', 'answer'], rows);
}

/** Routes that refuse look at nothing of a request, so one can be asked without any. */
async function refusal({ route }: Row): Promise<string> {
  let status = 0;
  const response: Response = {
    writeHead(given) {
      status = given;
    },
    end() {},
  };
  try {
    await route({ response, engine: RECORDS_NOTHING });
  } catch (error) {
    if (!(error instanceof ShiplogError) || error.code !== 'NOT_IMPLEMENTED') throw error;
    return '501, not yet';
  }
  if (status !== 503) throw new Error(`a refused route answered ${status}`);
  return '503, swarm';
}
