/** Looks again until something is there. */
export async function until<T>(what: string, look: () => T | undefined | PromiseLike<T | undefined>): Promise<T> {
  for (let looks = 0; looks < 300; looks++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited 30 s for ${what}`);
}
