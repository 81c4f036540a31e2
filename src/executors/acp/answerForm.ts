import { proposalSchema } from '../../domain/proposal.ts';

/** The protocol has no structured answers: where a proposal is asked for, the prompt has its schema. */
export function promptFor(form: 'edit' | 'proposal', prompt: string): string {
  if (form === 'edit') return prompt;
  const schema = JSON.stringify(proposalSchema(), undefined, 2);
  return `${prompt}
## The schema of the answer

End with the JSON object in a fenced block (\`\`\`json), as your last message. Do not write or run anything. The object has each of the fields of this JSON Schema:

\`\`\`json
${schema}
\`\`\`
`;
}
