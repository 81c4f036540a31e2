import { answerTool } from './answerTool.ts';
import { artifactTool } from './artifactTool.ts';
import { cancelTool } from './cancelTool.ts';
import { executorsTool } from './executorsTool.ts';
import { getTool, listTool, planTool, usageTool } from './readTools.ts';
import { submitTool, retryTool } from './submitTools.ts';
import type { Tool } from './tool.ts';

/** Every tool of the relay, in the order in which an agent meets them. */
export const tools: readonly Tool[] = [
  submitTool,
  getTool,
  listTool,
  cancelTool,
  artifactTool,
  retryTool,
  answerTool,
  executorsTool,
  usageTool,
  planTool,
];
