import * as vscode from 'vscode';

/** The settings under `relay.`, read when asked for; and the commands of agents that the user has allowed. */
export class Settings {
  readonly #allowed: vscode.Memento;

  constructor(allowed: vscode.Memento) {
    this.#allowed = allowed;
  }

  get dataDirectory(): string | undefined {
    const directory = this.#configuration.get<string>('dataDirectory', '').trim();
    return directory === '' ? undefined : directory;
  }

  get concurrency(): number {
    return this.#configuration.get<number>('concurrency', 2);
  }

  get agentCommands(): 'ask' | 'allow' | 'refuse' {
    return this.#configuration.get<'ask' | 'allow' | 'refuse'>('mcp.commands', 'ask');
  }

  /** What patches may touch in a repository, and how large they may be: whatever was written there, to be parsed. */
  hostPolicy(workspace: string): unknown {
    const here = vscode.workspace.getConfiguration('relay', vscode.Uri.file(workspace));
    return {
      protect: here.get<unknown>('policy.protect'),
      lift: here.get<unknown>('policy.lift'),
      limits: {
        patchBytes: here.get<unknown>('limits.patchBytes'),
        files: here.get<unknown>('limits.files'),
        fileBytes: here.get<unknown>('limits.fileBytes'),
      },
    };
  }

  /** Names of variables that executors, setup and gates get besides: whatever was written there, to be parsed. */
  get environmentNames(): unknown {
    return this.#configuration.get<unknown>('executors.environment', []);
  }

  /** How executors run: whatever was written there, to be parsed; an empty text or list is none. */
  executors(workspace: string): unknown {
    const here = vscode.workspace.getConfiguration('relay', vscode.Uri.file(workspace));
    const order = here.get<readonly unknown[]>('executors.order', []);
    return {
      order: order.length === 0 ? undefined : order,
      codex: {
        program: here.get<unknown>('executors.codex.program'),
        sandbox: here.get<unknown>('executors.codex.sandbox'),
        model: here.get<unknown>('executors.codex.model') || undefined,
      },
      claude: {
        program: here.get<unknown>('executors.claude.program'),
        sandbox: here.get<unknown>('executors.claude.sandbox'),
        model: here.get<unknown>('executors.claude.model') || undefined,
        maxTurns: here.get<unknown>('executors.claude.maxTurns'),
      },
      acp: here.get<unknown>('executors.acp'),
      permissions: here.get<unknown>('executors.permissions'),
      threads: here.get<unknown>('executors.threads'),
    };
  }

  get notifies(): boolean {
    return this.#configuration.get<boolean>('notifications', true);
  }

  stopNotifying(): Thenable<void> {
    return this.#configuration.update('notifications', false, vscode.ConfigurationTarget.Global);
  }

  /** The command lines of agents that may run in this repository. */
  allowed(workspace: string): readonly string[] {
    return this.#allowed.get<readonly string[]>(`allowed:${workspace}`, []);
  }

  setAllowed(workspace: string, runs: readonly string[]): Thenable<void> {
    return this.#allowed.update(`allowed:${workspace}`, [...new Set(runs)]);
  }

  get #configuration(): vscode.WorkspaceConfiguration {
    return vscode.workspace.getConfiguration('relay');
  }
}
