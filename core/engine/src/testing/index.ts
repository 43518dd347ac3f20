export { IMAGE, simParts } from './sim-parts.ts';
