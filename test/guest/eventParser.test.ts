import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventParser } from '../../src/guest/eventParser.ts';
import { eventFrame } from '../../src/guest/eventStream.ts';

it('gives each event once and in order, wherever the text was cut', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat(40)), (values, cuts) => {
      const frames = values.map((value) => eventFrame(value).toString('utf8'));
      let text = [': keep-alive\n\n', ...frames].join('');
      const parser = new EventParser();
      const got: string[] = [];
      for (const cut of cuts) {
        got.push(...parser.push(text.slice(0, cut)));
        text = text.slice(cut);
      }
      got.push(...parser.push(text));
      expect(got).toEqual(values.map((value) => JSON.stringify(value)));
    }),
  );
});
