/** A secret in a text: where it stands, and what it is, for a person (`GitHub Token`). */
export interface SecretMatch {
  readonly rule: string;
  readonly start: number;
  readonly secret: string;
  /** It is known as such, and not by its form: each of its bytes counts. */
  readonly isGiven?: true;
}

/** Looks for one kind of secret, or a few. Texts are latin1: one character a byte. */
export type SecretRule = (text: string) => readonly SecretMatch[];

/** All that is looked for: in text, and in what is no text. */
export interface SecretRules {
  readonly text: readonly SecretRule[];
  /** Keys that stand in printable blocks, in whatever file. */
  readonly keyBlocks: readonly SecretRule[];
}
