import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plantedSecrets } from '../checks/secretCorpus.ts';
import { Bed, lastJob } from './bed.ts';

it('finds secrets as the program that is shipped, too: the rules of the library and our own are in its bundle', async () => {
  const bed = new Bed();
  const text = plantedSecrets(5)
    .filter(({ kind }) => ['GitHub classic', 'Linear', 'PyPI', 'PEM RSA'].includes(kind))
    .map((sample) => sample.text)
    .join('\n');
  const from = join(bed.repo, '..', 'planted.txt');
  writeFileSync(from, text);
  const ran = await bed.run(['submit', '--title', 'T', '--run', `cp '${from}' x.txt`, '--wait', '--json']);
  expect(ran.code).toBe(1);
  const job = lastJob(ran);
  expect(job.reasonCode).toBe('POLICY');
  expect(job.message).toMatch(
    /There are 4 secrets .*GitHub Token in "x.txt", line 1 .*PyPI token .*Linear api token .*Private key/,
  );
  await bed.atRest();
});
