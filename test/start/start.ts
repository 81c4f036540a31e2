// `npm start`: a first look at the relay, with real parts and nothing to set up.
import { join } from 'node:path';
import { messageOf } from '../../src/base/result.ts';
import { demonstrate } from './demonstration.ts';

const write = (text: string): void => void process.stdout.write(text);

demonstrate({
  directory: join(__dirname, '..', '.sample'),
  shownAs: '.sample',
  assets: __dirname,
  write,
  environment: process.env,
}).then(
  (succeeded) => {
    process.exitCode = succeeded ? 0 : 1;
  },
  (thrown: unknown) => {
    process.stderr.write(`npm start failed: ${messageOf(thrown)}\n`);
    process.exitCode = 3;
  },
);
