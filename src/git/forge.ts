/** A repository on a host that is GitHub, or one like it. */
export interface Forge {
  readonly host: string;
  readonly owner: string;
  readonly repository: string;
}

/** What a remote's URL names, in each form that git takes: undefined where its host is none of GitHub's kind. */
export function forgeOf(url: string): Forge | undefined {
  const [, byUrl, urlPath] = /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^:/]+)(?::\d+)?\/(.+)$/.exec(url) ?? [];
  const [, byScp, scpPath] = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(url) ?? [];
  const named = (byUrl ?? byScp ?? '').toLowerCase();
  const host = named === 'ssh.github.com' || named === 'www.github.com' ? 'github.com' : named;
  if (!/^github\.|\.github\.com$|\.ghe\.com$/.test(host)) return undefined;
  const path = (urlPath ?? scpPath ?? '').replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const [owner, repository, ...more] = path.split('/');
  if (owner === undefined || owner === '' || repository === undefined || repository === '' || more.length > 0)
    return undefined;
  return { host, owner, repository };
}

/** The page where a pull request is begun. */
export function compareUrl({ host, owner, repository }: Forge, base: string | undefined, branch: string): string {
  const range = base === undefined ? quoted(branch) : `${quoted(base)}...${quoted(branch)}`;
  return `https://${host}/${owner}/${repository}/compare/${range}?expand=1`;
}

function quoted(branch: string): string {
  return branch.split('/').map(encodeURIComponent).join('/');
}
