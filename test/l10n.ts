// The base of translations: every text that the extension shows by `vscode.l10n.t`. `npm run l10n` writes it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '..');
export const bundleFile = join(root, 'l10n', 'bundle.l10n.json');

/** The bundle as the sources have it: a text stands for itself. Throws where a text is no literal. */
export function bundleText(): string {
  const folder = join(root, 'src', 'editor');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const paths = [...files.map((name) => join(folder, name)), join(root, 'src', 'extension.ts')];
  const texts = [...new Set(paths.flatMap(textsIn))].sort();
  return `${JSON.stringify(Object.fromEntries(texts.map((text) => [text, text])), undefined, 2)}\n`;
}

function textsIn(path: string): readonly string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'vscode.l10n.t') {
      const [text] = node.arguments;
      if (text === undefined || !ts.isStringLiteralLike(text))
        throw new Error(`${path}: ${node.getText()} has no literal`);
      found.push(text.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

if (import.meta.main) {
  mkdirSync(join(bundleFile, '..'), { recursive: true });
  writeFileSync(bundleFile, bundleText());
}
