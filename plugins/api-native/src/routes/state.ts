import type { ContainerRecord, ImageRecord, NetworkRecord, VolumeRecord } from '@shiplog/contracts';
import { recordLook } from '../record-look.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, pastParameter, type Route } from '../route.ts';

/** The whole engine at one moment, after the event at `seq`. Records are those of the contracts; no secret is among them. */
export interface StateAnswer {
  readonly seq: number;
  readonly containers: readonly ContainerRecord[];
  readonly images: readonly ImageRecord[];
  readonly networks: readonly NetworkRecord[];
  readonly volumes: readonly VolumeRecord[];
}

/** `GET state?at=MOMENT`: everything there was at that moment; now without `at`. */
export const state: Route = {
  path: ['state'],
  query: ['at'],
  async answer(exchange: Exchange): Promise<void> {
    const { engine, query, response } = exchange;
    await recordLook(exchange);
    using _held = engine.log.hold();
    const view = await engine.view(pastParameter(query, 'at'));
    const answer: StateAnswer = {
      seq: view.seq,
      containers: [...view.containers.values()],
      images: [...view.images.values()],
      networks: [...view.networks.values()],
      volumes: [...view.volumes.values()],
    };
    replyJson(response, 200, answer);
  },
};
