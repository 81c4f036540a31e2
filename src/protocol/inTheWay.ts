import type { FileDelivery } from './jobView.ts';

/** Whether nothing is written because of this file. */
export function isInTheWay({ verdict }: FileDelivery): boolean {
  return verdict === 'blocked' || verdict === 'conflict';
}
