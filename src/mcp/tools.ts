import { answerTool } from './answerTool.ts';
import { artifactTool } from './artifactTool.ts';
import { cancelTool } from './cancelTool.ts';
import { executorsTool } from './executorsTool.ts';
import { getTool, listTool, planTool, usageTool } from './readTools.ts';
import { followUpTool, rebaseTool, retryTool, submitTool } from './submitTools.ts';
import type { Tool } from './tool.ts';

/** Every tool of the relay, in the order in which an agent meets them. */
export const tools: readonly Tool[] = [
  submitTool,
  getTool,
  listTool,
  cancelTool,
  artifactTool,
  retryTool,
  rebaseTool,
  followUpTool,
  answerTool,
  executorsTool,
  usageTool,
  planTool,
];
