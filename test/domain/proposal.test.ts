import { describe, expect, it } from 'vitest';
import { parseProposal, proposalSchema } from '../../src/domain/proposal.ts';

const edit = { path: 'a.txt', oldText: 'a', newText: 'b' };

describe('a proposal', () => {
  it('is JSON alone, or in the last fenced block of a text', () => {
    const json = JSON.stringify({ edits: [edit] });
    const expected = { ok: true, value: { edits: [edit] } };
    expect(parseProposal(json)).toEqual(expected);
    expect(
      parseProposal(`Here it is:\n\`\`\`json\n{"edits":[]}\n\`\`\`\nNo, this:\n\`\`\`\n${json}\n\`\`\`\n`),
    ).toEqual(expected);
    expect(parseProposal(`\`\`\`\`json\r\n${json}\r\n\`\`\`\`\r\n`)).toEqual(expected);
  });

  it('says what is wrong with it', () => {
    expect(parseProposal('I could not do it.')).toEqual({ ok: false, error: { message: 'The proposal is no JSON.' } });
    expect(parseProposal('{"edits":[{"path":"a"}],"more":1}')).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/edits\.0\.oldText: .*Unrecognized key: "more"/) as string },
    });
  });

  it.each([{ edits: [edit] }, { files: [{ path: 'b', content: 'b' }] }, { deletions: ['b'] }, { patch: 'YQo=' }])(
    'has a diff alone, or no diff: %j',
    (more) => {
      expect(parseProposal(JSON.stringify({ diff: 'd', ...more }))).toMatchObject({
        ok: false,
        error: { message: expect.stringContaining('a diff beside another change') as string },
      });
      expect(parseProposal(JSON.stringify({ diff: 'd', edits: [], files: [], deletions: [] })).ok).toBe(true);
    },
  );

  it('has a schema that providers take as a strict one: every field is required, and no other is let in', () => {
    expect(proposalSchema()).toMatchObject({
      type: 'object',
      required: ['summary', 'edits', 'files', 'deletions', 'testPlan', 'notes'],
      additionalProperties: false,
      properties: {
        edits: { items: { required: ['path', 'oldText', 'newText'], additionalProperties: false } },
        files: { items: { required: ['path', 'content'], additionalProperties: false } },
      },
    });
  });
});
