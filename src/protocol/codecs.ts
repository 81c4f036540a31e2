/** The schemas that a window needs only once something is opened: a bundle of its own, which activation does not read. */
export { PageMessage, PageState } from './panel.ts';
export { certificateText } from './certificateMarkdown.ts';
export { recordingOf } from './recording.ts';
