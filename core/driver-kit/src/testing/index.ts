export { isGloballyRegistered, registerGlobally } from './global-container.ts';
export { createRecordingKernel } from './recording-kernel.ts';
export { createTestLogger, createTestServices } from './test-services.ts';

export type { RecordedCall, RecordedNode, RecordingKernel } from './recording-kernel.ts';
export type { LoggedLine, TestLogger, TestServices, TestServicesOptions } from './test-services.ts';
