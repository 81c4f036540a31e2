import { toBuffer, type BytePath } from '../git/path.ts';

/**
 * A path as text. Bytes that are no UTF-8 become U+FFFD, but for the long forms of ASCII (0xC0 0xAE for "."), which lax
 * decoders read as what they stand for.
 */
export function asText(path: BytePath): string {
  const short = path.replace(/([\xc0\xc1])([\x80-\xbf])/g, (_all, lead: string, trail: string) =>
    String.fromCharCode(((lead.charCodeAt(0) & 1) << 6) | (trail.charCodeAt(0) & 0x3f)),
  );
  return toBuffer(short).toString('utf8');
}

/**
 * What names have in common that some file system takes for the same: case (NTFS, APFS, HFS+), compatibility forms (NFKC),
 * and code points that cannot be seen (HFS+ ignores some).
 */
export function folded(text: string): string {
  const once = text.replace(UNSEEN, '').normalize('NFKC');
  // By upper case, which makes "s" of "ſ"; the dot stays over what was "İ".
  const lower = once.toUpperCase().toLowerCase().replaceAll('i\u0307', 'i');
  return lower.normalize('NFKC').replace(UNSEEN, '');
}

/** Default_Ignorable_Code_Point has all that HFS+ ignores: U+200C–200F, 202A–202E, 206A–206F, FEFF. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/** The folders and the name, as Windows takes a path apart. */
export function partsOf(path: string): readonly string[] {
  return path.split(/[\\/]/);
}

/** A name as NTFS stores it: without a stream ("a:b"), and without dots and spaces at its end. */
export function stored(part: string): string {
  const name = part.replace(/(?<=.):.*$/su, '').replace(/[ .]+$/u, '');
  return name === '' ? part : name;
}

/** The path that any of the usual file systems may take this one for. */
export function foldedPath(path: string): string {
  return partsOf(folded(path)).map(stored).join('/');
}
