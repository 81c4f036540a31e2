import { expect, it } from 'vitest';
import { bullets, code, inline, table } from '../../src/base/markdown.ts';

it('shows code as it is, with any backticks and line ends', () => {
  expect(code('a')).toBe('`a`');
  expect(code('a`b``c')).toBe('```a`b``c```');
  expect(code('`a`')).toBe('`` `a` ``');
  expect(code('a\nb')).toBe('`a␊b`');
});

it('keeps a text on its line and in its cell', () => {
  expect(inline('a \n  b')).toBe('a b');
  expect(bullets(['a', 'b'])).toBe('- a\n- b');
  expect(table(['x', 'y'], [['a|b', 'c\nd']])).toBe('| x | y |\n| --- | --- |\n| a\\|b | c d |');
  expect(table(['x', 'n'], [['a', '1']], 1)).toBe('| x | n |\n| --- | ---: |\n| a | 1 |');
});
