/** A provider that is this server itself: each request would come back as another one, without end. */
import { hostname } from 'node:os'
import type { Config } from '../../config/config.ts'
import { UsageError } from '../command-line.ts'

/** Throws a UsageError. */
export function refuseOwnAddress({ providers }: Pick<Config, 'providers'>, host: string, port: number): void {
  const own = providers.find(({ base_url }) => URL.canParse(base_url) && isOwn(new URL(base_url), host, port))
  if (own)
    throw new UsageError(
      `provider ${own.name} is this server itself (${own.base_url}): each request would come back without end`,
    )
}

function isOwn({ protocol, hostname: name, port: written }: URL, host: string, port: number): boolean {
  if (protocol !== 'http:' || Number(written || 80) !== port) return false
  const bare = name.replace(/^\[|\]$/g, '')
  return bare === host || isOfMachine(bare) || bare === hostname().toLowerCase()
}

/** By whichever of these names: what listens on one of them alone leaves the port to others only by intention. */
function isOfMachine(name: string): boolean {
  return name === 'localhost' || name === '::1' || name === '::' || name === '0.0.0.0' || name.startsWith('127.')
}
