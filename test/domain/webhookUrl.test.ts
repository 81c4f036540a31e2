import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/domain/policy.ts';
import { wrongWebhook } from '../../src/domain/webhookUrl.ts';

describe('a webhook', () => {
  it.each([
    'https://example.org/x?y=z',
    'https://example.org:8443/',
    'http://127.0.0.1:8080/x',
    'http://127.9.9.9/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://localhost/x',
    'http://LOCALHOST:1/x',
    'http://[::1]:80/',
    'http://[0:0:0:0:0:0:0:1]/',
  ])('may be %s', (url) => expect(wrongWebhook(url, false)).toBeUndefined());

  it.each([
    ['http://example.org/x', 'neither https nor http on this machine'],
    ['http://127.0.0.1.example.org/', 'neither https nor http'],
    ['http://localhost.example.org/', 'neither https nor http'],
    ['http://0.0.0.0/', 'neither https nor http'],
    ['http://10.0.0.1/', 'neither https nor http'],
    ['http://[::ffff:7f00:2]/', 'neither https nor http'],
    ['ftp://127.0.0.1/', 'neither https nor http'],
    ['file:///etc/passwd', 'neither https nor http'],
    ['javascript:alert(1)', 'neither https nor http'],
    ['https://user:pass@example.org/', 'a user or a password'],
    ['https://token@example.org/', 'a user or a password'],
    ['no url', 'is no URL'],
  ])('may not be %s', (url, why) => expect(wrongWebhook(url, false)).toContain(why));

  it('is named by its host alone where it is refused: its path may be a secret', () => {
    expect(wrongWebhook('http://hooks.example.org/T0/SECRET?k=SECRET', false)).toContain('"http://hooks.example.org"');
    expect(wrongWebhook('http://hooks.example.org/T0/SECRET?k=SECRET', false)).not.toContain('SECRET');
    expect(wrongWebhook('https://me:SECRET@example.org/SECRET', false)).not.toContain('SECRET');
  });
});

describe("an agent's webhook", () => {
  const spec = (webhook: string) => ({ task: { title: 't' }, notify: { webhook } });

  it('is on this machine, unless the host runs whatever agents ask for', () => {
    const far = spec('https://example.org/x');
    for (const agentCommands of ['refuse', 'ask'] as const) {
      expect(refusalOf(far, 'mcp', { agentCommands })).toMatchObject({ kind: 'refused' });
      expect(refusalOf(far, 'mcp', { agentCommands })?.message).toContain('on this machine alone');
      expect(refusalOf(spec('http://127.0.0.1:1/x'), 'mcp', { agentCommands })).toBeUndefined();
      expect(refusalOf(far, 'cli', { agentCommands })).toBeUndefined();
      expect(refusalOf(far, 'editor', { agentCommands })).toBeUndefined();
    }
    expect(refusalOf(far, 'mcp', { agentCommands: 'allow' })).toBeUndefined();
  });
});
