import { inspectVerb } from '../inspect-verb.ts';

export default inspectVerb('volume', 'data', (docker, name, at) => docker.inspectVolume(name, at));
