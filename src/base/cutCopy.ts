/** The first so many UTF-16 units of a text, as a text of its own: a slice keeps the whole one in memory. */
export function cutCopy(text: string, most: number): string {
  return text.length <= most ? text : Buffer.from(text.slice(0, most), 'utf16le').toString('utf16le');
}
