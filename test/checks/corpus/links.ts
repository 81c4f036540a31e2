import { file, link, type Changes } from '../../fixtures/judged.ts';
import type { Hostile } from './hostile.ts';

/** Links that lead, or make others lead, out of the repository or into its git directory. */
export const links: readonly Hostile[] = [
  to('/etc/passwd', /leads to an absolute path/),
  to('//server/share', /leads to an absolute path/),
  to('/proc/self/root', /leads to an absolute path/),
  to('\\\\server\\share', /leads to an absolute path/),
  to('C:\\Windows', /leads to a drive of Windows/),
  to('c:', /leads to a drive of Windows/),
  to('..', /leads out of the repository/),
  to('../../.ssh/authorized_keys', /leads out of the repository/),
  to('src/../../x', /leads out of the repository/),
  to('..\\x', /leads out of the repository/),
  to('src\\..\\..\\x', /leads out of the repository/),
  to('.. /x', /leads out of the repository/),
  to('．．/x', /folds to "\.\."/),
  to('.git/config', /leads to what is inside of a git directory\./),
  to('./.git', /leads to what is inside of a git directory\./),
  to('src/../.git/hooks', /leads to what is inside of a git directory\./),
  to('.GIT/config', /leads to what .*where case does not count/),
  to('git~1/config', /leads to what .*short name/),
  to('.git::$INDEX_ALLOCATION/config', /leads to what .*a stream/),
  to('.git./config', /leads to what .*drops dots/),
  to('.g\u200cit/config', /leads to what .*cannot be seen/),
  to('', /its target is empty/),
  to('x'.repeat(5000), /has a target of 5000 bytes/),
  to('a.txt\0/../../etc', /has a NUL in its target/),
  made('in a folder', { 'src/deep/link': link('../../../x') }, /"src\/deep\/link" leads out/),
  made('in the place of a file', { 'config.json': link('../config.json') }, /"config\.json" leads out/),
  made('in the place of a folder', { src: link('../src') }, /"src" leads out/),
  made('through a link to here', { here: link('.'), out: link('here/../x') }, /"out" leads out .* by way of "here"/),
  made('through three', { p: link('src'), q: link('p'), r: link('q/../../x') }, /"r" leads out .* by way of "q", "p"/),
  made(
    'through a link in other case',
    { Door: link('.'), out2: link('door/../x') },
    /"out2" leads out .* by way of "Door"/,
  ),
  {
    ...made('through an older link to elsewhere', { sly: link('lib/x') }, /"sly" leads to an absolute path.*"lib"/),
    baseline: { lib: link('/opt/lib') },
  },
  {
    // While "door" is a folder, "old" leads to a.txt.
    ...made('that turns an older one outside', { door: link('.') }, /"old" leads out .* by way of "door"/),
    baseline: { 'door/x': file(), old: link('door/../a.txt') },
  },
  {
    ...made('that is turned elsewhere', { inner: link('../elsewhere') }, /"inner" leads out/),
    baseline: { inner: link('a.txt') },
  },
];

function to(target: string, message: RegExp): Hostile {
  return made(
    `to ${JSON.stringify(target.slice(0, 40))}`,
    { [`link-${String(target.length)}`]: link(target) },
    message,
  );
}

function made(what: string, result: Changes, message: RegExp): Hostile {
  return { what: `a link ${what}`, result, code: 'POLICY', check: 'scope', message };
}
