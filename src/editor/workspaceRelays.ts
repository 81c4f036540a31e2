import * as vscode from 'vscode';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { RepositoryError } from '../git/repository.ts';
import type { Plugins } from '../executors/plugins.ts';
import type { Seat } from '../host/seat.ts';
import { Emitter } from '../base/emitter.ts';
import { messageOf } from '../base/result.ts';
import type { Disposable } from '../base/disposable.ts';
import type { JobModel, Repository } from './jobModel.ts';
import type { Settings } from './settings.ts';
import type { WebhookSecret } from './webhookSecret.ts';

/** Why a window has no relay; the welcome view of the tree says what to do. */
export type Absence = 'noFolder' | 'untrusted' | RepositoryError['kind'] | 'starting';

interface Seated extends Repository {
  readonly seat: Seat;
  readonly folder: string;
}

/** The relays of all repositories that a window has open: host of those that nobody hosts, guest of the others. */
export class WorkspaceRelays {
  readonly #assets: string;
  readonly #version: string;
  readonly #log: Log;
  readonly #model: JobModel;
  readonly #settings: Settings;
  readonly #plugins: Plugins;
  readonly #webhookSecret: WebhookSecret;
  readonly #changed: Emitter<void>;
  readonly #seated = new Map<string, Seated>();
  #absence: Absence = 'starting';
  #turn: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly assets: string;
    readonly version: string;
    readonly log: Log;
    readonly model: JobModel;
    readonly settings: Settings;
    readonly plugins: Plugins;
    readonly webhookSecret: WebhookSecret;
  }) {
    this.#assets = options.assets;
    this.#version = options.version;
    this.#log = options.log;
    this.#model = options.model;
    this.#settings = options.settings;
    this.#plugins = options.plugins;
    this.#webhookSecret = options.webhookSecret;
    this.#changed = new Emitter((thrown) =>
      options.log.write('error', 'a listener failed', { error: messageOf(thrown) }),
    );
  }

  get repositories(): readonly Repository[] {
    return [...this.#seated.values()];
  }

  /** What the tree says where there is no relay. */
  get absence(): Absence | undefined {
    return this.#seated.size === 0 ? this.#absence : undefined;
  }

  onChanged(listener: () => void): Disposable {
    return this.#changed.on(listener);
  }

  /** Takes a seat at each open repository, and leaves those that were closed. */
  refresh(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#refresh());
    return this.#turn;
  }

  async close(): Promise<void> {
    await this.#turn;
    await Promise.all([...this.#seated.values()].map(({ seat }) => seat.close()));
    this.#seated.clear();
  }

  async #refresh(): Promise<void> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const open = new Set<string>();
    this.#absence = 'noFolder';
    if (folders.length > 0 && !vscode.workspace.isTrusted) this.#absence = 'untrusted';
    else for (const folder of folders) await this.#open(folder.uri.fsPath, open);
    for (const [record, seated] of this.#seated) {
      if (open.has(record)) continue;
      this.#seated.delete(record);
      this.#model.remove(seated);
      await seated.seat.close();
    }
    this.#changed.emit();
  }

  async #open(folder: string, open: Set<string>): Promise<void> {
    // The engine is loaded here and not with the extension: activation must not wait for it.
    const { locate, Seat } = await import('../host/window.ts');
    const located = await locate(folder, this.#settings.dataDirectory, process.env);
    if (!located.ok) {
      this.#absence = located.error.reason ?? 'failed';
      this.#log.write('info', located.error.message);
      return;
    }
    const { places, workspace } = located.value;
    open.add(places.record);
    if (this.#seated.has(places.record)) return;
    const settings = this.#settings;
    const seat = new Seat({
      directory: workspace,
      ...(this.#settings.dataDirectory === undefined ? {} : { data: this.#settings.dataDirectory }),
      places,
      assets: this.#assets,
      mode: 'run',
      get agentCommands() {
        return settings.agentCommands;
      },
      allowed: {
        has: (run) => this.#settings.allowed(workspace).includes(run),
        add: (runs) => void this.#settings.setAllowed(workspace, [...this.#settings.allowed(workspace), ...runs]),
      },
      concurrency: this.#settings.concurrency,
      hostPolicy: () => this.#settings.hostPolicy(workspace),
      environmentNames: () => this.#settings.environmentNames,
      executorSettings: () => this.#settings.executors(workspace),
      plugins: this.#plugins,
      webhookSecret: () => this.#webhookSecret.read(),
      inEditor: true,
      version: this.#version,
      environment: process.env,
      clock: systemClock,
      log: this.#log,
    });
    const name = workspace.split(/[\\/]/).at(-1) ?? workspace;
    const seated: Seated = { name, workspace, relay: seat.relay, seat, folder };
    this.#seated.set(places.record, seated);
    seat.onRole((role) => {
      this.#log.write('info', `relay of ${name}: ${role.kind}`);
      if (role.kind !== 'away') void this.#model.reload(seated);
      this.#changed.emit();
    });
    await this.#model.add(seated);
  }
}
