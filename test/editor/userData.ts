import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Theme = 'light' | 'dark' | 'high contrast' | 'high contrast light';
type Settings = Readonly<Record<string, unknown>>;

const themes: Readonly<Record<Theme, string>> = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'high contrast': 'Default High Contrast',
  'high contrast light': 'Default High Contrast Light',
};

/** A quiet editor that asks nobody on the network. What a test says goes before. */
const quiet: Settings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  // No chat, no sign-in, no Copilot. A test of MCP or of agent mode turns them on.
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'window.autoDetectColorScheme': false,
  'security.workspace.trust.startupPrompt': 'never',
  'window.dialogStyle': 'custom',
  'npm.fetchOnlinePackageInfo': false,
  'git.autofetch': false,
  // As on the desktop; the browser edition's own is to save by itself.
  'files.autoSave': 'off',
};

/** Writes the user's side of an editor: settings.json, and whatever else belongs into `User/`. */
export async function writeUserData(
  userDataDirectory: string,
  { theme = 'dark', settings = {}, files = {} }: UserData,
): Promise<void> {
  const written = { 'settings.json': settingsText(theme, settings), ...files };
  for (const [path, content] of Object.entries(written)) {
    const at = join(userDataDirectory, 'User', path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, content);
  }
}

/** How the theme picker calls a theme, and the class of a window that shows it. */
export const themeLooks: Readonly<Record<Theme, { readonly label: string; readonly className: string }>> = {
  light: { label: 'Light Modern', className: 'vs' },
  dark: { label: 'Dark Modern', className: 'vs-dark' },
  'high contrast': { label: 'Dark High Contrast', className: 'hc-black' },
  'high contrast light': { label: 'Light High Contrast', className: 'hc-light' },
};

function settingsText(theme: Theme, settings: Settings): string {
  return JSON.stringify({ ...quiet, 'workbench.colorTheme': themes[theme], ...settings }, undefined, 2);
}

export interface UserData {
  readonly theme?: Theme;
  readonly settings?: Settings;
  /** By path below `User/`. */
  readonly files?: Readonly<Record<string, string>>;
}
