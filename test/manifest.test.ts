import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defaultExecutorSettings } from '../src/domain/executorSettings.ts';
import { effectivePolicy, noHostPolicy, POLICY_FILE, policyFileSchema } from '../src/domain/repositoryPolicy.ts';
import { commandIds } from '../src/editor/commandIds.ts';

const root = join(import.meta.dirname, '..');

const Manifest = z.object({
  activationEvents: z.array(z.string()),
  capabilities: z.object({
    untrustedWorkspaces: z.object({ supported: z.literal('limited'), restrictedConfigurations: z.array(z.string()) }),
    virtualWorkspaces: z.object({ supported: z.literal(false), description: z.string() }),
  }),
  contributes: z.object({
    commands: z.array(z.object({ command: z.string(), title: z.string(), category: z.literal('Relay') })),
    menus: z.record(z.string(), z.array(z.object({ command: z.string(), when: z.string() }))),
    views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsContainers: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
    configuration: z.object({ properties: z.record(z.string(), z.unknown()) }),
    configurationDefaults: z.object({ 'files.watcherExclude': z.record(z.string(), z.literal(true)) }),
    jsonValidation: z.array(z.object({ fileMatch: z.string(), url: z.string() })),
    walkthroughs: z.array(
      z.object({
        id: z.string(),
        steps: z
          .array(
            z.object({
              media: z.object({ svg: z.string(), altText: z.string() }),
              completionEvents: z.array(z.string()).min(1),
            }),
          )
          .max(5),
      }),
    ),
    mcpServerDefinitionProviders: z.array(z.object({ id: z.string() })),
  }),
});

const text = readFileSync(join(root, 'package.json'), 'utf8');
const manifest = Manifest.parse(JSON.parse(text));
const { contributes } = manifest;
const words = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')));
const editor = readdirSync(join(root, 'src', 'editor'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(root, 'src', 'editor', name), 'utf8'));
const code = [...editor, readFileSync(join(root, 'src', 'extension.ts'), 'utf8')].join('\n');

/** All that a pattern finds in the code, once each. */
function inCode(pattern: RegExp): readonly string[] {
  return unique([...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function unique(all: readonly string[]): readonly string[] {
  return [...new Set(all)].sort();
}

describe('package.json and the code', () => {
  it('have the same commands', () => {
    expect(unique(contributes.commands.map(({ command }) => command))).toEqual(unique(Object.values(commandIds)));
  });

  it('name only commands that there are, in menus and welcome views', () => {
    const known = new Set(contributes.commands.map(({ command }) => command));
    const inMenus = Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command));
    expect(inMenus.filter((command) => !known.has(command))).toEqual([]);
    const linked = [...JSON.stringify(words).matchAll(/command:(relay\.[\w.]+)/g)].map((match) => match[1] ?? '');
    expect(linked.filter((command) => !known.has(command))).toEqual([]);
  });

  it('say for each command when the palette has it, but for those that always work', () => {
    const always: readonly string[] = ['relay.refresh', 'relay.showOutput', 'relay.manageAgentCommands'];
    const told = (contributes.menus['commandPalette'] ?? []).map(({ command }) => command);
    expect(unique([...told, ...always])).toEqual(unique(Object.values(commandIds)));
  });

  it('have the same settings, and restrict those that name a place or let something run', () => {
    const read = inCode(/\.get<[^>]*>\(\s*'([\w.]+)'/g).filter((key) => !key.startsWith('composer.'));
    expect(unique(Object.keys(contributes.configuration.properties))).toEqual(
      unique(read.map((key) => `relay.${key}`)),
    );
    expect(unique(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)).toEqual([
      'relay.dataDirectory',
      'relay.executors.acp',
      'relay.executors.claude.program',
      'relay.executors.claude.sandbox',
      'relay.executors.codex.program',
      'relay.executors.codex.sandbox',
      'relay.executors.environment',
      'relay.executors.permissions',
      'relay.executors.threads',
      'relay.limits.fileBytes',
      'relay.limits.files',
      'relay.limits.patchBytes',
      'relay.mcp.commands',
      'relay.policy.lift',
    ]);
  });

  it('bound and preset the limits of a patch as the policy does', () => {
    const Bounds = z.object({ minimum: z.number(), maximum: z.number() });
    const Schema = z.object({
      properties: z.object({ limits: z.object({ properties: z.record(z.string(), Bounds) }) }),
    });
    const bounds = Schema.parse(policyFileSchema()).properties.limits.properties;
    for (const [name, { most }] of Object.entries(effectivePolicy({}, noHostPolicy, []).limits)) {
      const setting = contributes.configuration.properties[`relay.limits.${name}`];
      expect(setting, name).toMatchObject({ ...bounds[name], default: most });
    }
  });

  it('preset executors as their settings do, and let no workspace name a program or widen what one may do', () => {
    const Setting = z.object({ default: z.unknown(), scope: z.string().optional() });
    const setting = (key: string) => Setting.parse(contributes.configuration.properties[`relay.executors.${key}`]);
    const { codex, claude, acp, permissions, threads } = defaultExecutorSettings;
    for (const [name, presets] of Object.entries({ codex, claude, '': { acp, permissions, threads } })) {
      for (const [key, preset] of Object.entries(presets))
        expect(setting([name, key].filter((part) => part !== '').join('.')).default, key).toEqual(preset);
    }
    const guarded = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.flatMap(
      (key) => /^relay\.executors\.(.*)/.exec(key)?.[1] ?? [],
    );
    for (const key of guarded) expect(setting(key).scope, key).toBe('machine');
  });

  it('ship the schema of the policy file where the manifest names it', () => {
    expect(contributes.jsonValidation).toEqual([{ fileMatch: POLICY_FILE, url: './dist/task-relay.schema.json' }]);
    expect(readFileSync(join(root, '.vscodeignore'), 'utf8')).toContain('\n!dist/task-relay.schema.json\n');
    expect(readFileSync(join(root, 'esbuild.mjs'), 'utf8')).toContain("'dist/task-relay.schema.json'");
  });

  it('have the same views and providers', () => {
    const views = Object.values(contributes.views).flatMap((list) => list.map(({ id }) => id));
    expect(unique(views)).toEqual(inCode(/createTreeView<\w+>\(\s*'([\w.]+)'/g));
    expect(contributes.mcpServerDefinitionProviders.map(({ id }) => id)).toEqual(
      inCode(/registerMcpServerDefinitionProvider\(\s*'([\w.]+)'/g),
    );
    expect(Object.keys(contributes.views)).toEqual(
      Object.values(contributes.viewsContainers).flatMap((all) => all.map(({ id }) => id)),
    );
  });

  it('have the same context keys, and a welcome for each state without jobs', () => {
    const whens = [...Object.values(contributes.menus).flat(), ...contributes.viewsWelcome].map(({ when }) => when);
    const asked = unique(
      whens.flatMap((when) => [...when.matchAll(/\b(relay\.\w+) ==/g)].map((match) => match[1] ?? '')),
    );
    expect(asked.filter((key) => key !== 'relay.jobs')).toEqual(inCode(/'setContext',\s*'([\w.]+)'/g));
    const states = new Set(
      whens.flatMap((when) => [...when.matchAll(/relay\.state == (\w+)/g)].map((match) => match[1] ?? '')),
    );
    const told = [
      'noFolder',
      'untrusted',
      'noRepository',
      'noGit',
      'bare',
      'foreign',
      'failed',
      'notFound',
      'noJobs',
      'jobs',
    ];
    expect(unique([...states])).toEqual(unique(told));
  });

  it('have a walkthrough whose pictures are there, and whose steps end by what can happen', () => {
    const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    expect(steps.filter(({ media }) => !existsSync(join(root, media.svg)))).toEqual([]);
    const pictures = readdirSync(join(root, 'media', 'walkthrough')).map((name) => `media/walkthrough/${name}`);
    expect(unique(steps.map(({ media }) => media.svg))).toEqual(unique(pictures));
    const known = new Set(contributes.commands.map(({ command }) => command));
    const ends = steps.flatMap(({ completionEvents }) => completionEvents);
    const commands = ends.filter((event) => event.startsWith('onCommand:')).map((event) => event.slice(10));
    expect(commands.filter((command) => command.startsWith('relay.') && !known.has(command))).toEqual([]);
    const states = ends.filter((event) => event.startsWith('onContext:'));
    expect(states.filter((event) => !/^onContext:relay\.state == (?:noJobs|jobs)$/.test(event))).toEqual([]);
    expect(commands.length + states.length).toBe(ends.length);
  });

  it('have a text for every key, and no text that nobody shows', () => {
    const keys = [...text.matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? '');
    expect(unique(keys)).toEqual(unique(Object.keys(words)));
  });

  it('starts by itself only once the window is ready, and keeps the watcher off the record', () => {
    expect(manifest.activationEvents).toEqual(['onStartupFinished']);
    expect(contributes.configurationDefaults['files.watcherExclude']).toEqual({ '**/.git/task-relay/**': true });
  });
});
