import * as vscode from 'vscode';

const KEY = 'relay.webhookSecret';

/** What signs the notices to webhooks: kept by the editor's secret storage, and shown nowhere. */
export class WebhookSecret {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  /** Asked for each notice. */
  async read(): Promise<string | undefined> {
    return this.#secrets.get(KEY);
  }

  /** "Relay: Set Webhook Secret": another one, or none. */
  async change(): Promise<void> {
    const isSet = (await this.read()) !== undefined;
    const secret = await vscode.window.showInputBox({
      title: vscode.l10n.t('Webhook Secret'),
      prompt: isSet
        ? vscode.l10n.t('Another secret to sign notices with. Empty: clear it, and sign no more.')
        : vscode.l10n.t('Notices to webhooks are signed with it by HMAC-SHA256. It is kept in the secret storage.'),
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) => (text === '' && !isSet ? vscode.l10n.t('Give a secret; none is set now.') : undefined),
    });
    if (secret === undefined) return;
    if (secret === '') await this.#secrets.delete(KEY);
    else await this.#secrets.store(KEY, secret);
    void vscode.window.showInformationMessage(
      secret === ''
        ? vscode.l10n.t('The webhook secret is cleared: notices are not signed.')
        : vscode.l10n.t('The webhook secret is set: notices of this window’s relays are signed.'),
    );
  }
}
