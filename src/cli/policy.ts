import { err, ok, type Result } from '../base/result.ts';
import { HostPolicy } from '../domain/repositoryPolicy.ts';
import { wrongInput } from '../protocol/wrongInput.ts';
import { badInput, type CliFailure } from './failure.ts';
import { wholeNumber } from './options.ts';

/** What a headless host has in the place of the settings relay.policy.* and relay.limits.*. */
export const policyOptions = {
  protect: { type: 'string', multiple: true },
  lift: { type: 'string', multiple: true },
  'max-patch': { type: 'string' },
  'max-files': { type: 'string' },
  'max-file': { type: 'string' },
} as const;

interface PolicyValues {
  readonly protect?: readonly string[] | undefined;
  readonly lift?: readonly string[] | undefined;
  readonly 'max-patch'?: string | undefined;
  readonly 'max-files'?: string | undefined;
  readonly 'max-file'?: string | undefined;
}

export function policyOf(values: PolicyValues): Result<HostPolicy, CliFailure> {
  const patchBytes = wholeNumber('max-patch', values['max-patch'], 1, 256 * 1024 * 1024);
  if (!patchBytes.ok) return patchBytes;
  const files = wholeNumber('max-files', values['max-files'], 1, 100_000);
  if (!files.ok) return files;
  const fileBytes = wholeNumber('max-file', values['max-file'], 1, 1024 * 1024 * 1024);
  if (!fileBytes.ok) return fileBytes;
  const policy = HostPolicy.safeParse({
    protect: values.protect ?? [],
    lift: values.lift ?? [],
    limits: { patchBytes: patchBytes.value, files: files.value, fileBytes: fileBytes.value },
  });
  return policy.success
    ? ok(policy.data)
    : err(badInput(`--protect or --lift is not valid: ${wrongInput(policy.error)}`));
}
