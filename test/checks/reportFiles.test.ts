import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reportsAfter, reportsBefore } from '../../src/checks/reportFiles.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

let root: string;
beforeEach(() => (root = temporaryDirectory()));
afterEach(() => removeDirectory(root));

function write(path: string, text = '<testsuite><testcase name="a"/></testsuite>'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function passed(pattern: string, gate: () => void, most?: number): Promise<number | string> {
  const before = await reportsBefore(root, pattern, most);
  gate();
  const report = await reportsAfter(root, pattern, before, most);
  return report.kind === 'tests' ? report.tally.passed : report.kind === 'none' ? 'none' : report.why;
}

it('finds what a glob means, hidden folders too', async () => {
  const gate = (): void => ['out/a.xml', 'out/.hidden/b/c.xml', 'out/d.txt', 'e.xml'].forEach((path) => write(path));
  expect(await passed('out/**/*.xml', gate)).toBe(2);
});

it('takes a report that was written anew, and none that was there before', async () => {
  write('old.xml');
  write('new.xml');
  expect(await passed('*.xml', () => write('new.xml', '<testsuite/>'))).toBe(0);
  expect(await passed('old.xml', () => undefined)).toBe('nothing was written to "old.xml"');
});

it('passes over what others have brought, unless it is asked for', async () => {
  const gate = (): void => ['node_modules/x/r.xml', '.git/r.xml', 'r.xml'].forEach((path) => write(path));
  expect(await passed('**/*.xml', gate)).toBe(1);
  expect(await passed('node_modules/**/*.xml', gate)).toBe(1);
});

it('follows a link inside of the checkout, and none that leads out', async () => {
  const link = (to: string) => () => symlinkSync(to, join(root, 'r.xml'));
  write('real/a.xml');
  expect(await passed('r.xml', link('real/a.xml'))).toBe(1);
  removeDirectory(join(root, 'r.xml'));
  expect(await passed('*.xml', link('/etc/passwd'))).toBe('r.xml leads out of the checkout');
  removeDirectory(join(root, 'r.xml'));
  expect(await passed('r.xml', link('nowhere'))).toBe('r.xml is not there');
});

it('walks into no folder that is a link: one may lead to itself', async () => {
  expect(
    await passed('**/*.xml', () => {
      symlinkSync('.', join(root, 'self'));
      write('a.xml');
    }),
  ).toBe(1);
});

it('gives up where there is too much to look through', async () => {
  const gate = (): void => ['a/1.xml', 'a/b/2.xml', 'a/b/3.xml'].forEach((path) => write(path));
  expect(await passed('a/**/*.xml', gate, 4)).toBe(3);
  expect(await passed('a/**/*.xml', gate, 3)).toBe('there are more than 3 files below "a"');
});
