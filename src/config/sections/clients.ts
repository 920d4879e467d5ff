/** Who may call, by name, and what each of them may have. */
import type { Path } from '../../definition/error.ts'
import { withoutEdges, wrongKey } from './key-text.ts'
import type { ClientSpec } from '../../scheduler/options.ts'
import { readLimits, type Written } from './limits.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import type { Environment } from '../document/environment.ts'
import { fault, type Fault } from '../problem.ts'

/**
 * From each key to its client's name. A map names its clients; of a list, or of one text with commas, the first is
 * `client#1`.
 */
export function clientNames(written: unknown, report: (fault: Fault) => void = () => {}): ReadonlyMap<string, string> {
  if (typeof written === 'object' && written !== null && !Array.isArray(written)) {
    const names = new Map<string, string>()
    for (const [name, texts] of Object.entries(written)) {
      const keys = split(texts)
      if (keys.length === 0)
        report(fault(['server', 'api_keys', name], `${name} has no key: give one, or leave it out`))
      for (const key of keys) {
        checkKey(key, ['server', 'api_keys', name], report)
        const other = names.get(key)
        if (other !== undefined && other !== name)
          report(fault(['server', 'api_keys', name], `${other} has this key, too: a key tells one client`))
        names.set(key, name)
      }
    }
    return names
  }
  const keys = split(written)
  for (const key of keys) checkKey(key, ['server', 'api_keys'], report)
  if (new Set(keys).size < keys.length) report(fault(['server', 'api_keys'], 'a key stands here twice'))
  return new Map(keys.map((key, index) => [key, `client#${index + 1}`]))
}

/** No client can send what no header carries, and none sends what only the file means. */
export function checkKey(key: string, path: Path, report: (fault: Fault) => void): void {
  const wrong = wrongKey(key)
  if (wrong !== undefined) report(fault(path, wrong))
}

/** Keys of administrators. */
export function adminKeys(written: unknown, env: Environment, report: (fault: Fault) => void = () => {}): string[] {
  const keys = split(written ?? env['BALANCED_CALL_ADMIN_KEYS'] ?? '')
  if (written !== undefined && keys.length === 0)
    report(fault(['server', 'admin_keys'], 'there is no key in it: give one, or leave admin_keys out'))
  return keys
}

/** A text may hold several keys, with commas between them. */
function split(written: unknown): string[] {
  const texts = (Array.isArray(written) ? written : [written]) as string[]
  return texts.flatMap((text) => text.split(',')).flatMap((text) => withoutEdges(text) || [])
}

/** `scheduler.clients`, checked by the schema. @param path of the map, for faults */
export function readClients(written: unknown, path: Path, report: (fault: Fault) => void): Record<string, ClientSpec> {
  const clients = Object.entries((written ?? {}) as Record<string, Written>)
  return Object.fromEntries(
    clients.map(([name, { weight, limits }]) => {
      const spec: ClientSpec = { limits: readLimits(limits, 'client', [...path, name, 'limits'], report) }
      if (weight !== undefined) spec.weight = weight as number
      return [name, spec]
    }),
  )
}

/** Tells of shares and limits for a client that no key names. @param names of all clients; none: nothing to tell by */
export function checkClients(
  clients: Record<string, ClientSpec>,
  names: ReadonlySet<string>,
  path: Path,
  report: (fault: Fault) => void,
): void {
  if (names.size === 0) return
  for (const name of Object.keys(clients)) {
    if (name === '*' || names.has(name)) continue
    report(fault([...path, name], `server.api_keys has no client ${name}${didYouMean(name, [...names])}`, 'key'))
  }
}
