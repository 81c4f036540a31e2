import { expect, it } from 'vitest';
import { environmentNames } from '../../src/process/environmentNames.ts';

it('takes names, each once', () => {
  expect(environmentNames(['ANTHROPIC_API_KEY', '_x1', 'ANTHROPIC_API_KEY'])).toEqual({
    names: ['ANTHROPIC_API_KEY', '_x1'],
    refused: [],
  });
});

it('tells what is no name, by its place, and shows no value of a person who gave one', () => {
  const alone = 'give the name of a variable alone, of letters, digits and "_".';
  expect(environmentNames(['KEY=hunter22', 'sk-ant-hunter22', 7, 'A B', '', 'GOOD'])).toEqual({
    names: ['GOOD'],
    refused: [
      `"KEY" is not let through: ${alone}`,
      ...[2, 3, 4, 5].map((place) => `Entry ${String(place)} is not let through: ${alone}`),
    ],
  });
});

it('refuses by name what belongs to the process that hosts the relay', () => {
  const never = ['GIT_DIR', 'npm_token', 'VSCODE_PID', 'ELECTRON_RUN_AS_NODE', 'RELAY_ATTEMPT', 'XDG_RUNTIME_DIR'];
  const { names, refused } = environmentNames([...never, 'KEY']);
  expect(names).toEqual(['KEY']);
  expect(refused).toEqual(
    never.map((name) => `"${name}" is not let through: it belongs to the process that hosts the relay.`),
  );
});

it('takes so many, and no list for nothing else', () => {
  const many = Array.from({ length: 101 }, (_, index) => `K${String(index)}`);
  expect(environmentNames(many).refused).toEqual(['"K100" is not let through: 100 names are the most.']);
  for (const given of [undefined, 'KEY', { 0: 'KEY' }])
    expect(environmentNames(given)).toEqual({
      names: [],
      refused: ['The names of variables to let through are no list.'],
    });
});
