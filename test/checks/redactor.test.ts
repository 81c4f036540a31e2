import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Literals } from '../../src/checks/literals.ts';
import { Redactor } from '../../src/checks/redactor.ts';
import { SecretScan } from '../../src/checks/secretScan.ts';
import { parsePatch } from '../../src/git/patch.ts';
import { commit, gitWith, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { Noise, plantedSecrets } from './secretCorpus.ts';

const planted = plantedSecrets(99);
const scan = await SecretScan.open();
let directory: string;

beforeAll(() => (directory = temporaryDirectory()));
afterAll(() => removeDirectory(directory));

/** A redactor of all that is found in a text. */
async function redactorOf(text: string): Promise<Redactor> {
  return new Redactor(await scan.run({ kind: 'file', name: 'x', bytes: Buffer.from(text) }));
}

/** The lines of a secret, without those that every key has. */
function tellingLines(secret: string): readonly string[] {
  return secret.split('\n').filter((line) => line.length > 20 && !line.startsWith('---') && !line.includes(': '));
}

const whole = planted.map(({ text }) => text).join('\n');
const redactor = await redactorOf(whole);

describe('a redacted text', () => {
  it.each(planted.map(({ kind, text, secret }) => [kind, text, secret] as const))(
    'has no %s',
    (_kind, text, secret) => {
      const left = redactor.text(text);
      for (const line of tellingLines(secret)) expect(left).not.toContain(line);
      expect(left).toMatch(/\[redacted: \w[\w .-]+\]/);
      expect(left.split('\n')).toHaveLength(text.split('\n').length);
    },
  );

  it.each([
    ['in a JSON string', JSON.stringify],
    ['percent-encoded', encodeURIComponent],
    ['in base 64', (text: string) => Buffer.from(`a${text}`).toString('base64')],
    ['in base 64 for URLs', (text: string) => Buffer.from(`ab${text}`).toString('base64url')],
  ] as const)('has none %s', (_how, written) => {
    const lines = planted.flatMap(({ secret }) => secret.split('\n')).filter((line) => line.length > 20);
    for (const line of lines.filter((one) => !one.startsWith('---') && !one.includes(': '))) {
      const text = written(line);
      expect(redactor.text(text)).not.toContain(text.slice(6, -6));
    }
    expect(redactor.text(written(`x ${planted[5]?.secret ?? ''} y`))).toContain('[redacted: ');
  });

  it('is the same where nothing is found, to the byte', () => {
    const bytes = new Noise(5).bytes(100_000);
    expect(redactor.bytes(bytes).equals(bytes)).toBe(true);
  });

  it('is withheld where a find has nothing that could be taken out', () => {
    const nothing = new Redactor([{ rule: 'Private key', secret: '-----BEGIN PRIVATE KEY-----', source: 'x' }]);
    expect(nothing.isIdle).toBe(false);
    expect(nothing.text('anything')).toMatch(/^\[withheld: /);
  });

  it('says nothing of the secrets when the redactor itself is printed', () => {
    expect(JSON.stringify(redactor)).toBe('{}');
  });
});

describe('a redacted patch', () => {
  it('has its files, hunks and lines still, and no secret, in text or in what is binary', async () => {
    const pem = planted.find(({ kind }) => kind === 'PEM RSA')?.text ?? '';
    const token = planted.find(({ kind }) => kind === 'GitHub classic')?.text ?? '';
    const repository = makeRepository(join(directory, 'repo'), {
      'a.txt': 'one\ntwo\n',
      'other.bin': Buffer.from([0, 1]),
    });
    write(repository, {
      'a.txt': `one\n${token}\ntwo\n`,
      'key.pem': pem,
      'key.bin': Buffer.concat([Buffer.alloc(9), Buffer.from(pem)]),
      'other.bin': Buffer.concat([Buffer.from([0, 1]), new Noise(8).bytes(4000)]),
    });
    commit(repository);
    const patch = gitWith(repository, ['diff', '--binary', '--full-index', 'HEAD~', 'HEAD'], {});
    const inPatch = await scan.run({ kind: 'patch', patch });
    const inBinary = await scan.run({
      kind: 'file',
      name: 'key.bin',
      bytes: gitWith(repository, ['show', 'HEAD:key.bin'], {}),
    });
    expect(inPatch.map(({ rule, source, line }) => [rule, source, line])).toEqual([
      ['GitHub Token', 'a.txt', 2],
      ['Private key', 'key.pem', 1],
    ]);
    const served = new Redactor([...inPatch, ...inBinary]).patch(patch);
    expect(parsePatch(served)).toEqual(parsePatch(patch));
    for (const line of tellingLines(pem)) expect(served.includes(line)).toBe(false);
    const text = served.toString('latin1');
    expect(text).toContain('+token = "[redacted: GitHub Token]"\n');
    const [, binary = ''] = text.split('diff --git a/key.bin b/key.bin\n');
    expect(binary.split('diff --git')[0]).toMatch(/GIT binary patch\n\[redacted: Private key\]\n\n$/);
    expect(text.split('diff --git a/other.bin')[1]).toBe(patch.toString('latin1').split('diff --git a/other.bin')[1]);
  });

  it('is withheld where not all of the secrets are known', () => {
    expect(new Redactor([], false).patch(Buffer.from('anything')).toString()).toMatch(/^\[withheld: /);
  });
});

describe('literals', () => {
  it('are found wherever they stand, as a plain search finds them', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 6, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), fc.array(word, { maxLength: 12 }), (words, parts) => {
        const text = parts.join('');
        const found = [
          ...new Literals(words.map((one) => ({ bytes: Buffer.from(one), mark: one }))).in(Buffer.from(text)),
        ];
        const expected: [number, string][] = [];
        for (let at = 0; at < text.length;) {
          const [longest] = words.filter((one) => text.startsWith(one, at)).sort((a, b) => b.length - a.length);
          if (longest !== undefined) expected.push([at, longest]);
          at += longest?.length ?? 1;
        }
        expect(found.map(({ from, mark }) => [from, mark])).toEqual(expected);
      }),
    );
  });
});
