/** Does `work` for each number below `count`, `atOnce` at a time; resolves with how many a second that was. */
export async function ratePerSecond(
  count: number,
  atOnce: number,
  work: (number: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) await work(number);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, one));
  return (count * 1000) / (performance.now() - started);
}
