import type * as z from 'zod';

/** One line a wrong field: its path, and what was expected there; an unknown key by its own name. */
export function wrongFields(error: z.ZodError): readonly string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${pathOf([...issue.path, key])}: unknown field, leave it out`);
    return [`${pathOf(issue.path)}: ${wording(issue)}`];
  });
}

/** All wrong fields in one line. */
export function wrongInput(error: z.ZodError): string {
  return wrongFields(error).join('; ');
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.message.endsWith(', received undefined'))
    return `is missing (${issue.message.slice(0, -', received undefined'.length).replace('Invalid input: ', '')})`;
  return issue.message.replace('Invalid input: ', '');
}

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(the input)';
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? String(key) : `.${String(key)}`))
    .join('');
}
