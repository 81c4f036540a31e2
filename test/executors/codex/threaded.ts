/** Of each thread that begins. */
export const ID = '01a20fe8-6d8b-7753-aa39-048f1679babd';

/** What codex does with its threads, as a program: it writes one down by day and id, finds it by its id, and forgets it when told to. */
export const THREADED = `
const { appendFileSync, globSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const args = process.argv.slice(2);
const home = process.env.CODEX_HOME;
if (args[0] === '--version') console.log('codex-cli 0.169.0');
else if (args[0] === 'delete') appendFileSync(join(home, 'forgotten'), args.join(' ') + '\\n');
else {
  const prompt = readFileSync(0, 'utf8');
  const resumed = args.includes('resume') ? args.at(-2) : undefined;
  let id = '${ID}';
  let remembered = '';
  if (resumed !== undefined) {
    id = resumed;
    const [file] = globSync(join(home, 'sessions/*/*/*/rollout-*-' + id + '.jsonl'));
    if (file === undefined || process.env.LOSES) {
      console.error('Error: thread/resume: thread/resume failed: no rollout found for thread id ' + id);
      process.exit(1);
    }
    remembered = readFileSync(file, 'utf8');
    appendFileSync(file, JSON.stringify({ id, prompt }) + '\\n');
  } else if (!args.includes('--ephemeral')) {
    const folder = join(home, 'sessions/2026/01/31');
    mkdirSync(folder, { recursive: true });
    const lines = [{ id, prompt }, { type: 'event_msg', payload: { type: 'token_count', total: 7 } }];
    writeFileSync(join(folder, 'rollout-2026-01-31T00-00-00-' + id + '.jsonl'), lines.map((line) => JSON.stringify(line) + '\\n').join(''));
  }
  const say = (event) => console.log(JSON.stringify(event));
  say({ type: 'thread.started', thread_id: id });
  if (process.env.FAILS) say({ type: 'turn.failed', error: { message: 'no luck' } });
  else {
    say({ type: 'item.completed', item: { type: 'agent_message', text: (process.env.GIVEN ?? '') + remembered + (resumed === undefined ? prompt : '') } });
    say({ type: 'turn.completed' });
  }
}`;
