/** `clients:` and `groups:`: who may call, with which keys, for what, and how much of it. */
import { checkKey } from './clients.ts'
import { withoutEdges } from './key-text.ts'
import { createHash } from 'node:crypto'
import type { Path } from '../../definition/error.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import type { ClientAccess } from '../config.ts'
import type { ClientSpec, GroupSpec } from '../../scheduler/options.ts'
import { fault, type Fault } from '../problem.ts'
import { partFaults } from '../schema.ts'
import { readLimits, type Written } from './limits.ts'
import { milliseconds } from './quantities.ts'

export interface ClientList {
  /** From each key to its client's name, and from the SHA-256 (hex) of those that the file does not say. */
  names: Map<string, string>
  hashes: Map<string, string>
  accesses: Map<string, ClientAccess>
  /** Shares and limits, by name. */
  specs: Record<string, ClientSpec>
  groups: Record<string, GroupSpec>
}

type Report = (fault: Fault) => void

/** @param written `clients:`, checked and filled @param groups `groups:`, the same */
export function readClientList(written: unknown, groups: unknown, report: Report): ClientList {
  const list: ClientList = {
    names: new Map(),
    hashes: new Map(),
    accesses: new Map(),
    specs: {},
    groups: readGroups(groups, report),
  }
  for (const [name, entry] of Object.entries((written ?? {}) as Record<string, Written>)) {
    const path: Path = ['clients', name]
    readKeys(name, entry, path, list, report)
    list.accesses.set(name, readAccess(entry, path, report))
    list.specs[name] = readSpec(entry, path, list.groups, report)
  }
  return list
}

export interface ClientEntry {
  access: ClientAccess
  spec: ClientSpec
}

/**
 * A client that is managed at run time: as an entry of `clients:`, without its keys.
 * @param groups names of the groups that there are
 * @returns it, or what is wrong with it
 */
export function readClientEntry(written: Record<string, unknown>, groups: readonly string[]): ClientEntry | Fault[] {
  const faults = partFaults('clientEntry', written)
  for (const name of ['keys', 'key_hashes'])
    if (written[name] !== undefined) faults.push(fault([name], 'its keys are made by the server', 'key'))
  if (faults.length > 0) return faults
  const report: Report = (found) => void faults.push(found)
  const known = Object.fromEntries(groups.map((name) => [name, { limits: [] }]))
  const entry = { access: readAccess(written, [], report), spec: readSpec(written, [], known, report) }
  return faults.length > 0 ? faults : entry
}

/** A key's hash as the file and the database have it. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

function readKeys(name: string, entry: Written, path: Path, { names, hashes }: ClientList, report: Report): void {
  const keys = textsOf(entry['keys'])
  const told = textsOf(entry['key_hashes']).map((text) => text.replace(/^sha256:/, '').toLowerCase())
  if (keys.length === 0 && told.length === 0)
    report(fault(path, `${name} has no key: give it keys, or key_hashes (the SHA-256 of a key)`, 'key'))
  for (const hash of [...keys.map(keyHash), ...told]) {
    const other = hashes.get(hash)
    if (other !== undefined && other !== name)
      report(fault(path, `${other} has one of these keys, too: a key tells one client`, 'key'))
    hashes.set(hash, name)
  }
  for (const key of keys) {
    checkKey(key, [...path, 'keys'], report)
    names.set(key, name)
  }
}

function readAccess(entry: Written, path: Path, report: Report): ClientAccess {
  const { models, max_wait: maxWait, expires, tags, log_bodies: logsBodies } = entry
  const access: ClientAccess = { tags: (tags as string[] | undefined) ?? [] }
  if (models !== undefined) access.models = textsOf(models)
  if (logsBodies === true) access.logsBodies = true
  if (maxWait !== undefined) access.maxWait = milliseconds(maxWait as string | number)
  if (expires !== undefined) {
    const at = endOf(String(expires))
    if (Number.isNaN(at))
      report(
        fault(
          [...path, 'expires'],
          'expected a day such as 2027-01-31, or an instant such as 2027-01-31T12:00:00Z',
          'value',
        ),
      )
    else access.expires = at
  }
  return access
}

/** A day ends where it ends in UTC. Milliseconds since the epoch; NaN for what is no time. */
export function endOf(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return Number.NaN
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) + 86_400_000 : Date.parse(text)
}

function readSpec(entry: Written, path: Path, groups: ClientList['groups'], report: Report): ClientSpec {
  const spec: ClientSpec = { limits: readLimits(entry['limits'], 'client', [...path, 'limits'], report) }
  if (entry['weight'] !== undefined) spec.weight = entry['weight'] as number
  const member = textsOf(entry['groups'])
  for (const group of member) {
    if (Object.hasOwn(groups, group)) continue
    const known = Object.keys(groups)
    report(fault([...path, 'groups'], `unknown group ${group}${didYouMean(group, known)}`, 'value'))
  }
  if (member.length > 0) spec.groups = member
  return spec
}

function readGroups(written: unknown, report: Report): Record<string, GroupSpec> {
  return Object.fromEntries(
    Object.entries((written ?? {}) as Record<string, Written>).map(([name, entry]) => [
      name,
      { limits: readLimits(entry['limits'], 'client', ['groups', name, 'limits'], report) },
    ]),
  )
}

/** One text, with commas, or a list. */
function textsOf(written: unknown): string[] {
  const texts = (Array.isArray(written) ? written : written === undefined ? [] : [written]) as string[]
  return texts.flatMap((text) => text.split(',')).flatMap((text) => withoutEdges(text) || [])
}
