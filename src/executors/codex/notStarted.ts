/** What a person is told where the program could not be started. */
export function notStarted(why: string): string {
  return `Codex could not be started: ${why} Install it (npm install -g @openai/codex) and sign in (codex login), or set relay.executors codex.program to where it is.`;
}
