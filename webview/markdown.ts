import markdownIt from 'markdown-it';

const renderer = markdownIt({ html: false, linkify: false });
// What an agent wrote may lead to a web page, and to nothing else: no command:, no file:, no data:.
renderer.validateLink = (url) => /^https?:\/\//i.test(url);
renderer.renderer.rules['image'] = (tokens, index) => renderer.utils.escapeHtml(tokens[index]?.content ?? '');

/** Markdown as inert HTML: raw HTML in it is shown, not obeyed. */
export function rendered(markdown: string): string {
  return renderer.render(markdown);
}
