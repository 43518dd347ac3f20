export { imagePushSuite } from './image-push-suite.ts';
export { imageSourceSuite } from './image-source-suite.ts';
export type { ImagePushFixture, ImagePushSuite } from './image-push-suite.ts';
export type { ImageSourceFixture, ImageSourceSuite, KnownImage } from './image-source-suite.ts';
