/**
 * Which names this server answers to. A page of any site can have its own name point to 127.0.0.1 (DNS rebinding): its
 * browser then takes this server for that site, and the Host header alone tells.
 */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { GatewayError } from '../../chat/error.ts'
import { globTest } from '../../runtime/glob.ts'

/** Throws a GatewayError of kind `permission` for a Host that is not served. */
export type HostCheck = (host: string | undefined) => void

export interface ServedHosts {
  /** Names that are served, `*` for any part; absent: those that no stranger can own. */
  hosts: readonly string[] | undefined
  /** What the server listens on, where it is a name. */
  listening: string | undefined
  /** Each client sends a key, which no foreign page knows. */
  hasKeys: boolean
}

/** RFC 6761 and ICANN's resolution of 2024: nobody can register below these. */
const PRIVATE = /(^|\.)(localhost|internal)$/

export function createHostCheck({ hosts, listening, hasKeys }: ServedHosts): HostCheck {
  if (hosts === undefined && hasKeys) return () => {}
  const listed = hosts?.map((glob) => globTest(nameOf(glob)))
  const own = new Set([listening, hostname()].map((name) => name?.toLowerCase()))
  /** Whoever asks by address, or by a name of this machine or network, was not led here by a foreign name. */
  const isOurs = (name: string): boolean =>
    isIP(name) !== 0 || !name.includes('.') || PRIVATE.test(name) || own.has(name)
  // the same few again and again
  let last: string | undefined
  return (host) => {
    if (host === undefined || host === last) return
    const name = nameOf(host)
    if (!(listed ? listed.some((fits) => fits(name)) : isOurs(name)))
      throw new GatewayError(
        'permission',
        `This server does not answer to the name ${name.slice(0, 200)}: add it to server.hosts.`,
        { code: 'host_not_served' },
      )
    last = host
  }
}

/** Without port, brackets and the dot at the end, in lower case. */
function nameOf(host: string): string {
  const bare = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '')
  return bare.replace(/\.$/, '').toLowerCase()
}
