import { parentPort } from 'node:worker_threads';
import { refusalOf } from './kernel-error.ts';
import type { LaneAnswer, LaneRequest } from './lane.ts';
import { OPS } from './ops.ts';

function answer(request: LaneRequest): LaneAnswer {
  try {
    return { id: request.id, value: Reflect.apply(OPS[request.op], undefined, request.args) };
  } catch (error) {
    return { id: request.id, error: refusalOf(error).toRecord() };
  }
}

const port = parentPort;
port?.on('message', (request: LaneRequest) => port.postMessage(answer(request)));
