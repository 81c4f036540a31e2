import { describe, expect, it } from 'vitest';
import { SecretScan } from '../../src/checks/secretScan.ts';
import { lookAlikes, plantedSecrets, type Sample } from './secretCorpus.ts';

const scan = await SecretScan.open();

async function found(text: string): Promise<readonly string[]> {
  const matches = await scan.run({ kind: 'file', name: 'x', bytes: Buffer.from(text) });
  return matches.map(({ rule, line }) => `${rule} in line ${String(line)}`);
}

/** Without line breaks, however they are written. */
const plain = (text: string): string => text.replace(/\\n|\s/g, '');
const named = (samples: readonly Sample[]): [string, Sample][] => samples.map((sample) => [sample.kind, sample]);
const planted = plantedSecrets(20_261_124);

describe('a planted secret is found', () => {
  it.each(named(planted))('%s', async (_kind, { text, secret }) => {
    const matches = await scan.run({ kind: 'file', name: 'x', bytes: Buffer.from(text) });
    expect(matches).toHaveLength(1);
    const [match] = matches;
    expect(plain(match?.secret ?? '')).toContain(plain(secret));
  });
});

describe('what only looks like one is not', () => {
  it.each(named(lookAlikes(4711)))('%s', async (_kind, { text }) => {
    expect(await found(text)).toEqual([]);
  });
});
