/** `reload`: the running server reads its configuration anew; the exit code says whether it serves it. */
import type { Reloaded } from '../../runtime/reloads.ts'
import { adminClient, ADMIN_OPTIONS } from '../admin-client.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, ADMIN_OPTIONS)
  refuseMore(positionals, 0)
  const { origin, ask } = adminClient(values, () => {})
  const { status, body } = await ask<Reloaded>('/v1/reload', 'POST')
  if (status !== 200 && status !== 422) throw new UsageError(`${origin} does not reload: ${JSON.stringify(body)}`)
  const { refused, kept } = body
  if (values.json === true) console.log(JSON.stringify(body))
  else if (refused) console.error(`${refused.why}\n\nrefused: the configuration before stays in use on ${origin}`)
  else {
    console.log(`reloaded: ${origin} serves the configuration as it is now`)
    if (kept) console.log(`these server settings need a restart: ${kept.join(', ')}`)
  }
  return refused ? 1 : 0
}
