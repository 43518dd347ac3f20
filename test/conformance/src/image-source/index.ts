export { imageSourceSuite } from './image-source-suite.ts';
export type { ImageSourceFixture, ImageSourceSuite, KnownImage } from './image-source-suite.ts';
