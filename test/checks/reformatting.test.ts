import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file, Judged } from '../fixtures/judged.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';

const CODE = `function a(b) {
  call(b);

  other(b, c);
  return b;
}

const text = 'x y';
const one = 1;
const two = 2;
const three = 3;
const four = 4;
`;

let place: string;
let judged: Judged;

beforeAll(() => {
  place = temporaryDirectory();
  judged = new Judged(
    makeRepository(join(place, 'repository'), { 'code.js': CODE, 'crlf.txt': 'a\r\nb\r\n', 'end.txt': 'x' }),
  );
});
afterAll(async () => {
  await judged.close();
  removeDirectory(place);
});

/** What is told of a change of one file; undefined where it passes. */
async function told(
  path: string,
  content: string,
  mode = '100644',
  disallowReformatting = true,
): Promise<string | undefined> {
  const spec = { scope: { disallowReformatting } };
  const { failure } = await judged.judge({ [path]: file(content, mode) }, { spec });
  if (failure !== undefined) expect(failure.code).toBe('POLICY');
  return failure?.message;
}

const edited = (from: string, to: string): string => {
  expect(CODE).toContain(from);
  return CODE.replace(from, to);
};

describe('a change of white space alone is refused where it stands', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['indentation', edited('  return b;', '    return b;'), 'code.js:5'],
    ['a tab', edited('  return b;', '\treturn b;'), 'code.js:5'],
    ['spaces in a line', edited('call(b)', 'call( b )'), 'code.js:2'],
    ['spaces at the end', edited('const one = 1;', 'const one = 1;  '), 'code.js:9'],
    ['a line that is parted', edited('other(b, c);', 'other(\n    b,\n    c\n  );'), 'code.js:4'],
    ['lines that are joined', edited('{\n  call(b);', '{ call(b);'), 'code.js:1'],
    ['a blank line more', edited('const two', '\nconst two'), 'code.js:10'],
    ['a blank line less', edited('}\n\nconst text', '}\nconst text'), 'code.js:7'],
    ['line ends', CODE.replaceAll('\n', '\r\n'), 'code.js:1'],
    ['one line end', edited('const two = 2;\n', 'const two = 2;\r\n'), 'code.js:10'],
    ['the last line end', CODE.slice(0, -1), 'code.js:12'],
    ['beside a change of its own', edited('call(b)', 'call(bb)').replace('const one', 'const  one'), 'code.js:9'],
    [
      'next to a change of its own, in one hunk of the patch',
      edited('const one = 1;\nconst two', 'const one = 10;\nconst two').replace('const three', 'const  three'),
      'code.js:11',
    ],
  ];
  it.each(cases)('%s', async (_what, content, where) => {
    const message = await told('code.js', content);
    expect(message).toContain(`nothing but white space at ${where}`);
    expect(message).toContain('disallows reformatting');
    expect(await told('code.js', content, '100644', false)).toBeUndefined();
  });

  it('in a file with CRLF, and in one without an end', async () => {
    expect(await told('crlf.txt', 'a\nb\n')).toContain('crlf.txt:1');
    expect(await told('end.txt', 'x\n')).toContain('end.txt:1');
  });
});

describe('a change of more than that is not', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['another word', edited('const one', 'const uno')],
    ['a new line', edited('const two', 'const half = 0.5;\nconst two')],
    ['a new line with a blank one', edited('const two', 'const half = 0.5;\n\nconst two')],
    [
      'code that is indented because of what is around it',
      edited('  call(b);\n\n  other(b, c);\n', '  if (b) {\n    call(b);\n\n    other(b, c);\n  }\n'),
    ],
    ['lines that change places', edited('const one = 1;\nconst two = 2;\n', 'const two = 2;\nconst one = 1;\n')],
    ['a text with its end', `${CODE}more();\n`],
  ];
  it.each(cases)('%s', async (_what, content) => expect(await told('code.js', content)).toBeUndefined());

  it('a new file of blank lines, a mode, a file that goes', async () => {
    expect(await told('new.txt', '\n\n\n')).toBeUndefined();
    expect(await told('code.js', CODE, '100755')).toBeUndefined();
    const spec = { scope: { disallowReformatting: true } };
    expect((await judged.judge({ 'end.txt': undefined }, { spec })).failure).toBeUndefined();
  });
});
