import { describe } from 'vitest';
import { exerciseJobStore } from './exerciseJobStore.ts';
import { openRecord } from './record.ts';

describe('a store on sql.js and a journal', () => exerciseJobStore((directory) => openRecord(directory)));

// A snapshot after every wave: each law holds across rotations, too.
describe('a store that compacts all the time', () =>
  exerciseJobStore((directory) => openRecord(directory, { compactAt: 1 })));
