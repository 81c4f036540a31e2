/** What a window loads of the engine, once it needs it: esbuild.mjs makes a bundle of its own of this. */
export { mentionedProtected } from '../checks/protectedPaths.ts';
export { pluginExecutor } from '../executors/plugin.ts';
export { locate } from '../host.ts';
export { Seat } from './seat.ts';
export { hasUncommitted } from './uncommitted.ts';
export { openWindowDoor } from './windowDoor.ts';
