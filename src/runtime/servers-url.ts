/** A URL that may name several servers, and how they belong together: `redis+sentinel://user:password@a:26379,b:26379/name`. */

export interface ServersUrl {
  /** Before the `+`. */
  scheme: string
  /** After it. */
  kind: string | undefined
  username: string | undefined
  password: string | undefined
  /** One at least. */
  hosts: { host: string; port: number | undefined }[]
  /** Its parts, decoded. */
  path: string[]
  query: URLSearchParams
}

const SHAPE = /^([a-z]+)(?:\+([a-z]+))?:\/\/(?:([^/?#]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/i
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i

/** @returns undefined where it is none */
export function readServersUrl(text: string): ServersUrl | undefined {
  const [, scheme, kind, user, hosts = '', path = '', query = ''] = SHAPE.exec(text) ?? []
  if (scheme === undefined) return undefined
  const all = hosts.split(',').map((each) => HOST.exec(each))
  if (all.some((each) => each === null || Number(each[3] ?? 1) > 65_535)) return undefined
  try {
    const [username, ...password] = user?.split(':') ?? []
    return {
      scheme: scheme.toLowerCase(),
      kind: kind?.toLowerCase(),
      username: username ? decodeURIComponent(username) : undefined,
      password: password.length > 0 ? decodeURIComponent(password.join(':')) : undefined,
      hosts: all.map((each) => ({
        host: each?.[1] ?? each?.[2] ?? '',
        port: each?.[3] === undefined ? undefined : Number(each[3]),
      })),
      path: path.split('/').filter(Boolean).map(decodeURIComponent),
      query: new URLSearchParams(query),
    }
  } catch {
    // A percent sign that begins nothing.
    return undefined
  }
}

/** For a log: without user and password. */
export function hostsOf({ hosts }: ServersUrl): string {
  return hosts.map(({ host, port }) => (port === undefined ? host : `${host}:${port}`)).join(',')
}
