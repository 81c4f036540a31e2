import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock } from './base/clock.ts';
import type { Disposable } from './base/disposable.ts';
import type { Log } from './base/log.ts';
import { noHostPolicy } from './domain/repositoryPolicy.ts';
import { err, ok, type Result } from './base/result.ts';
import { lettingThrough } from './engine/letThrough.ts';
import { LocalRunner } from './engine/localRunner.ts';
import { noneAllowed, type AllowedCommands } from './engine/questions.ts';
import { Engine } from './engine/relay.ts';
import { Sources } from './engine/sources.ts';
import { Verifier } from './engine/verifier.ts';
import { settingsOf, type ExecutorSettings, type SettingsProblem } from './domain/executorSettings.ts';
import { builtIn } from './executors/builtIn.ts';
import type { Plugins } from './executors/plugins.ts';
import { ExecutorRegistry } from './executors/registry.ts';
import type { RepositoryError } from './git/repository.ts';
import { openGuestDoor } from './guest/door.ts';
import { removeHostFile, writeHostFile } from './guest/hostFile.ts';
import { placesOf, type Places } from './host/places.ts';
import { newToken } from './http/guard.ts';
import { listen, type Listener } from './http/listener.ts';
import { createMcpRoutes } from './mcp/routes.ts';
import { executorEnvironment } from './process/environment.ts';
import { MARK } from './process/mark.ts';
import { endMarked } from './process/tree.ts';
import type { Relay } from './protocol/relay.ts';
import { attemptIo } from './store/ioError.ts';
import type { JobStore } from './store/jobStore.ts';
import { acquireLock } from './store/lock.ts';
import { openStore } from './store/openStore.ts';
import { recordKey } from './store/recordKey.ts';
import { Threads } from './store/threads.ts';
import { Vault } from './store/vault.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface HostOptions {
  /** A folder in the repository. */
  readonly directory: string;
  /** Where the record is, if not beside the repository's objects. */
  readonly data?: string;
  /** The folder of sql-wasm.wasm. */
  readonly assets: string;
  /** `run`: jobs run, and others may join. `read`: this process alone looks, and nothing is started. */
  readonly mode: 'run' | 'read';
  readonly port?: number;
  /** What to do with commands that come by MCP: read whenever one comes. */
  readonly agentCommands: 'refuse' | 'ask' | 'allow';
  /** What the user has allowed of agents for good, where the answer is `ask`. */
  readonly allowed?: AllowedCommands;
  readonly concurrency?: number;
  /** What patches may touch, and how large they may be (a HostPolicy, which is parsed); asked for each job. */
  readonly hostPolicy?: () => unknown;
  /** How the user wants executors to run (an ExecutorSettings, whose values are parsed one by one); asked for each run. */
  readonly executorSettings?: () => unknown;
  /** Executors that others bring, also while the host lives. */
  readonly plugins?: Plugins;
  /** Names of variables that executors, setup and gates get besides; asked for each job. What is no name is logged. */
  readonly environmentNames?: () => unknown;
  /** What signs the notices to webhooks (HMAC-SHA256); asked for each, and not kept. Without one they are not signed. */
  readonly webhookSecret?: () => Promise<string | undefined>;
  /** The length of the journal in bytes at which a snapshot is made. */
  readonly compactAt?: number;
  /** Whether this process is a window of an editor, which only its user may end. */
  readonly inEditor?: boolean;
  readonly version: string;
  readonly environment: Variables;
  readonly clock: Clock;
  readonly log: Log;
}

/** `place`: the record cannot be where it should be. `held`: another process is the host, and can be joined. */
export interface HostError {
  readonly kind: 'repository' | 'place' | 'held' | 'failed';
  /** What is wrong with the folder, where the kind is `repository`. */
  readonly reason?: RepositoryError['kind'];
  readonly message: string;
}

export interface Host {
  readonly relay: Relay;
  readonly workspace: string;
  readonly places: Places;
  /** Of the listener; undefined where the mode is `read`. */
  readonly url: string | undefined;
  /** Of MCP clients; that of guests is in `host.json` alone. */
  readonly token: string;
  /** How many guests and MCP clients are connected. */
  visitors(): number;
  /** When a guest last called, by the clock's monotonic time. */
  calledAt(): number | undefined;
  /** Stops what runs (the next host picks it up), ends the doors, and lets go of the record. */
  close(): Promise<void>;
}

const CONCURRENCY = 2;

/** Where a folder's relay is, whether or not anybody hosts it. */
export async function locate(
  directory: string,
  data: string | undefined,
  environment: Variables,
): Promise<Result<{ readonly places: Places; readonly workspace: string }, HostError>> {
  const sources = new Sources('', environment);
  try {
    const repository = await sources.repository(directory);
    if (!repository.ok)
      return err({ kind: 'repository', reason: repository.error.kind, message: repository.error.message });
    const places = await placesOf(repository.value.commonDir, data, environment);
    if (!places.ok) return err({ kind: 'place', message: places.error.message });
    return ok({ places: places.value, workspace: repository.value.topLevel });
  } finally {
    await sources.dispose();
  }
}

/** Composes a relay without an editor: lock, record, engine, doors. */
export async function openHost(options: HostOptions): Promise<Result<Host, HostError>> {
  const located = await locate(options.directory, options.data, options.environment);
  if (!located.ok) return located;
  const { places, workspace } = located.value;
  if (places.note !== undefined) options.log.write('warn', places.note);
  const lock = acquireLock(join(places.record, 'lock'));
  if (!lock.ok) return err({ kind: lock.error.kind === 'held' ? 'held' : 'failed', message: lock.error.message });
  const opened = await attemptIo(`open the record "${places.record}"`, () =>
    openRecord(options, places, workspace, lock.value),
  );
  if (opened.ok && opened.value.ok) return opened.value;
  lock.value.dispose();
  return opened.ok ? opened.value : err({ kind: 'failed', message: opened.error.message });
}

/** With the lock in hand. */
async function openRecord(
  options: HostOptions,
  places: Places,
  workspace: string,
  lock: Disposable,
): Promise<Result<Host, HostError>> {
  const { clock, log, compactAt } = options;
  await endMarked(places.recordId, clock);
  const logs = join(places.record, 'logs');
  await rm(logs, { recursive: true, force: true });
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const vault = new Vault(join(places.record, 'vault'));
  const quarantine = new Vault(join(places.record, 'quarantine'));
  const threads = new Threads(join(places.record, 'threads'), clock);
  const store = await openStore({
    directory: places.record,
    assets: options.assets,
    vault,
    log,
    ...(compactAt === undefined ? {} : { compactAt }),
  });
  if (!store.ok) return err({ kind: 'failed', message: store.error.message });
  // A git that outlives its host would write to mirror and slots beside the next one: it carries the record's mark.
  const environment = { ...options.environment, [MARK]: `${places.recordId}/git` };
  const sources = new Sources(places.work, environment, options.concurrency ?? CONCURRENCY);
  const secretsKey = await recordKey(places.record);
  const executors = new ExecutorRegistry(clock);
  const parts = { store: store.value, vault, quarantine, threads, sources, logs, secretsKey };
  const engine = composeEngine(options, places, parts, executors);
  const plugins = options.plugins?.stock(executors);
  const close = async (): Promise<void> => {
    plugins?.dispose();
    await engine.stop();
    await store.value.close();
    await sources.dispose();
    lock.dispose();
  };
  await sources.prepare();
  const tidied = await threads.tidy(settingsOf(options.executorSettings?.()).settings.threads === 'keep');
  if (!tidied.ok) log.write('warn', tidied.error.message);
  const started = await engine.start(options.mode);
  if (!started.ok) {
    await close();
    return err({ kind: 'failed', message: started.error.message });
  }
  const [token, guestToken] = [newToken(), newToken()];
  const base = { relay: engine.relay, workspace, places, token };
  if (options.mode === 'read')
    return ok({ ...base, url: undefined, visitors: () => 0, calledAt: () => undefined, close });
  const doors = await openDoors(options, engine.relay, workspace, { mcp: token, guests: guestToken });
  if (!doors.ok) {
    await close();
    return doors;
  }
  const { listener } = doors.value;
  const place = options.inEditor === true ? { inEditor: true } : {};
  await writeHostFile(places.record, { url: listener.url, token: guestToken, pid: process.pid, ...place });
  return ok({
    ...base,
    url: listener.url,
    visitors: () => doors.value.visitors(),
    calledAt: () => doors.value.calledAt(),
    close: async () => {
      await removeHostFile(places.record);
      doors.value.dispose();
      await Promise.all([listener.close(), engine.stop()]);
      await close();
    },
  });
}

interface Parts {
  readonly store: JobStore;
  readonly vault: Vault;
  readonly quarantine: Vault;
  readonly threads: Threads;
  readonly sources: Sources;
  readonly logs: string;
  readonly secretsKey: Uint8Array;
}

function composeEngine(options: HostOptions, places: Places, parts: Parts, executors: ExecutorRegistry): Engine {
  const { clock, log, environment, hostPolicy = () => noHostPolicy } = options;
  const settings = executorSettings(options);
  const own = { temporary: tmpdir(), mark: `${places.recordId}/probe` };
  const letThrough = lettingThrough(environment, options.environmentNames ?? (() => []), log);
  const ofPrograms = (): Readonly<Record<string, string>> =>
    executorEnvironment(environment, { ...own, extra: letThrough().names });
  for (const executor of builtIn({ clock, settings, environment: ofPrograms })) executors.register(executor);
  return new Engine({
    ...parts,
    executors,
    clock,
    log,
    letThrough,
    policy: {
      get agentCommands() {
        return options.agentCommands;
      },
    },
    allowed: options.allowed ?? noneAllowed,
    verifier: new Verifier({
      ...parts,
      clock,
      hostPolicy,
      letThrough,
      recordId: places.recordId,
      environment,
    }),
    concurrency: options.concurrency ?? CONCURRENCY,
    order: () => settings().order,
    webhookSecret: options.webhookSecret ?? (() => Promise.resolve(undefined)),
    makeRunner: (onLog) =>
      new LocalRunner({
        ...parts,
        executors,
        clock,
        log,
        environment,
        letThrough,
        recordId: places.recordId,
        version: options.version,
        hostPolicy,
        onLog,
      }),
  });
}

/** The user's settings as they are now; the default is in the place of one that is wrong, and that is logged, once. */
function executorSettings({ executorSettings: read, log }: HostOptions): () => ExecutorSettings {
  let told: ReadonlySet<string> = new Set();
  return () => {
    const { settings, problems } = settingsOf(read?.());
    const texts = problems.map(problemText);
    for (const text of texts) if (!told.has(text)) log.write('warn', text);
    told = new Set(texts);
    return settings;
  };
}

function problemText({ setting, why, restricts }: SettingsProblem): string {
  const name = setting === '' ? 'The settings relay.executors are' : `The setting relay.executors.${setting} is`;
  const more = restricts ? ' It may have been there to restrict what executors do, and it does not.' : '';
  return `${name} not used, and the default is: ${why}.${more}`;
}

interface Doors extends Disposable {
  readonly listener: Listener;
  visitors(): number;
  calledAt(): number | undefined;
}

/** MCP and guests, behind one guard. A guest says itself who asks, a person or an agent: its token is not an agent's. */
async function openDoors(
  { clock, log, version, port }: HostOptions,
  relay: Relay,
  workspace: string,
  tokens: { readonly mcp: string; readonly guests: string },
): Promise<Result<Doors, HostError>> {
  const guests = openGuestDoor({ relay, clock, log });
  const mcp = createMcpRoutes({
    relay,
    workspaces: () => [{ name: basename(workspace), workspace }],
    version,
    clock,
    log,
  });
  const dispose = (): void => {
    guests.dispose();
    mcp.dispose();
  };
  const listener = await listen({
    ...(port === undefined ? {} : { port }),
    areas: [
      { token: tokens.mcp, routes: mcp.routes },
      { token: tokens.guests, routes: [...guests.routes, ...mcp.routes] },
    ],
    log,
    clock,
  });
  if (!listener.ok) {
    dispose();
    return err({ kind: 'failed', message: listener.error.message });
  }
  const visitors = (): number => guests.guests() + mcp.sessions();
  return ok({ listener: listener.value, visitors, calledAt: () => guests.calledAt(), dispose });
}
