import { expect, it } from 'vitest';
import { shortageIn } from '../../src/executors/shortage.ts';

it.each([
  ['429 Too Many Requests', 'rate'],
  ['ChatQuotaExceeded: You have used your premium requests.', 'rate'],
  ['Rate limit reached for gpt-5 on tokens per min', 'rate'],
  ['429 RESOURCE_EXHAUSTED: You exceeded your current quota, please check your plan and billing details.', 'rate'],
  ['Quota exceeded for quota metric "Generate requests per minute". Please retry in 33.9s.', 'rate'],
  ['The model is overloaded', 'rate'],
  ['You have hit your usage limit, try again at 9:42 PM', 'rate'],
  ['429 insufficient_quota', 'unpaid'],
  ['429 You exceeded your current quota, please check your plan and billing details. (insufficient_quota)', 'unpaid'],
  ['Quota exceeded. Check your plan and billing details.', 'unpaid'],
  ['402 Payment Required', 'unpaid'],
  ['Your credit balance is too low to access the API.', 'unpaid'],
  ['EDQUOT: disk quota exceeded, write', 'disk'],
  ['Disk quota exceeded', 'disk'],
  ['ENOSPC: no space left on device', 'disk'],
  ['500 The server had an error.', undefined],
  ['The file billings.ts is not there.', undefined],
])('tells what is at its end: %s', (text, shortage) => expect(shortageIn(text)).toBe(shortage));
