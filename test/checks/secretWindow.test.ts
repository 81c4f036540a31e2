import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretScan } from '../../src/checks/secretScan.ts';
import { Noise, plantedSecrets } from './secretCorpus.ts';

const scan = await SecretScan.open();
const planted = plantedSecrets(31);
const token = planted.find(({ kind }) => kind === 'GitHub classic')?.secret ?? '';
const pem = planted.find(({ kind }) => kind === 'PEM RSA')?.secret ?? '';

const WINDOW = 256 * 1024;
const OVERLAP = 32 * 1024;

const linesOf = (length: number): string => 'some words of a text\n'.repeat(Math.ceil(length / 21)).slice(0, length);

async function found(text: string): Promise<readonly (readonly [number, number, string])[]> {
  const matches = await scan.run({ kind: 'file', name: 'x', bytes: Buffer.from(text) });
  return matches.map(({ line, column, secret }) => [line, column, secret]);
}

describe('a secret is found once, with its place, wherever windows end', () => {
  const near = fc.constantFrom(WINDOW - OVERLAP, WINDOW, 2 * WINDOW - 2 * OVERLAP, 2 * WINDOW - OVERLAP);

  it('in a text of lines', async () => {
    await fc.assert(
      fc.asyncProperty(near, fc.integer({ min: -200, max: 200 }), async (edge, off) => {
        const before = `${linesOf(edge + off)}\n`;
        const line = before.split('\n').length;
        expect(await found(`${before}x = '${token}'\n${linesOf(1000)}`)).toEqual([[line, 6, token]]);
      }),
      { numRuns: 60 },
    );
  });

  it('in one endless line', async () => {
    await fc.assert(
      fc.asyncProperty(near, fc.integer({ min: -200, max: 200 }), async (edge, off) => {
        const before = 'word,'.repeat(Math.ceil((edge + off) / 5)).slice(0, edge + off);
        expect(await found(`${before} ${token} ${'more,'.repeat(80_000)}`)).toEqual([[1, edge + off + 2, token]]);
      }),
      { numRuns: 60, examples: [[WINDOW - OVERLAP, -1]] },
    );
  });

  it('that has many lines', async () => {
    await fc.assert(
      fc.asyncProperty(near, fc.integer({ min: -2500, max: 500 }), async (edge, off) => {
        const before = `${linesOf(edge + off)}\n`;
        const places = await found(`${before}${pem}${linesOf(1000)}`);
        expect(places.map(([line]) => line)).toEqual([before.split('\n').length]);
        expect(places[0]?.[2].replace(/\s/g, '')).toBe(pem.replace(/\s/g, ''));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a scan of what is hostile', () => {
  const noise = new Noise(12);
  const inputs: readonly (readonly [string, string])[] = [
    ['beginnings of keys', '-----BEGIN RSA PRIVATE KEY-----\n'.repeat(30_000)],
    ['a key without an end', `-----BEGIN PRIVATE KEY-----\n${`${noise.of('abcdefXYZ0123', 64)}\n`.repeat(15_000)}`],
    ['prefixes', 'xoxb-a-'.repeat(140_000)],
    ['dots', 'SG.aaaaaaaaaa.'.repeat(70_000)],
    ['URLs', 'postgres://a:b'.repeat(70_000)],
    ['colons and ats', '://:@'.repeat(200_000)],
    ['a line of hex', noise.of('0123456789abcdef', 1_000_000)],
    ['a line of base 64', noise.of('abcXYZ+/019', 1_000_000)],
    ['tokens that do not end', `eyJ${'a.eyJ'.repeat(200_000)}`],
    ['vendors', 'heroku_'.repeat(140_000)],
    ['machines', 'machine a login '.repeat(60_000)],
  ];

  // A megabyte each; an ordinary one takes 50 ms.
  it.each(inputs)('ends in time: %s', { timeout: 20_000 }, async (_kind, text) => {
    await scan.run({ kind: 'file', name: 'x', bytes: Buffer.from(text) });
  });
});
