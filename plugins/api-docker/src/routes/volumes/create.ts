import { type Exchange, decode, jsonBody } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { refuseFields } from '../../translate/refusals.ts';
import { volumeInspect } from '../../translate/volume-inspect.ts';

/** `POST /volumes/create`. */
export async function createVolume(exchange: Exchange): Promise<void> {
  const { engine, caller, response } = exchange;
  const args = await decode(exchange, 'volume.create', async () => {
    const body = await jsonBody(exchange);
    refuseFields(body, ['ClusterVolumeSpec']);
    const name = body.string('Name');
    return {
      driver: body.string('Driver') || 'local',
      options: body.map('DriverOpts'),
      labels: body.map('Labels'),
      ...(name === '' ? {} : { name }),
    };
  });
  const { name } = await engine.execute('volume.create', args, caller);
  json(response, 201, volumeInspect((await engine.view()).volume(name)));
}
