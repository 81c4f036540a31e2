/**
 * Why nothing is posted to a URL; `undefined` where it may be. `isOnlyNear`: of an agent that may not run commands, which
 * gets no way out of the machine by a title or a summary either.
 */
export function wrongWebhook(text: string, isOnlyNear: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'notify.webhook is no URL.';
  // The whole of it may be a secret: a message names the host alone.
  const place = JSON.stringify(`${url.protocol}//${url.host}`);
  if (url.username !== '' || url.password !== '') {
    return `notify.webhook (${place}) has a user or a password in it, which the record would keep. Leave them out: a host's webhook secret signs what is sent.`;
  }
  const isNear = isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isNear)) {
    return `notify.webhook (${place}) is neither https nor http on this machine (127.0.0.1, [::1], localhost). Give one of these.`;
  }
  if (isOnlyNear && !isNear) {
    return `An agent's task may notify a webhook on this machine alone (127.0.0.1, [::1], localhost), not ${place}. Leave notify.webhook out, or have a person submit the task.`;
  }
  return undefined;
}

/** As URL writes them: an address in whichever notation comes out in the usual one. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
