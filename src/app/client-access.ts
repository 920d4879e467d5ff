/** What a client may have, ready to be asked: its globs compiled once. */
import type { ClientDirectory } from '../api/access/client-directory.ts'
import type { ClientAccess } from '../gateway/gateway.ts'
import { globTest } from '../runtime/glob.ts'

export type AccessOf = (client: string | undefined) => ClientAccess | undefined

export function createAccessOf(directory: Pick<ClientDirectory, 'accessOf'>): AccessOf {
  const ready = new WeakMap<object, ClientAccess>()
  return (client) => {
    const written = directory.accessOf(client)
    if (!written) return undefined
    const known = ready.get(written)
    if (known) return known
    const { models = ['*'], maxWait, logsBodies } = written
    const globs = models.map((glob) => globTest(glob))
    const access: ClientAccess = {
      mayUse: (asked, meant) => globs.some((fits) => fits(asked) || fits(meant)),
      models,
      maxWait,
      ...(logsBodies && { logsBodies }),
    }
    ready.set(written, access)
    return access
  }
}
