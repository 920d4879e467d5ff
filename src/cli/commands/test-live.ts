/** `test PROVIDER --live`: a few real requests with the user's own key; what they show, and what they leave behind. */
import { writeFileSync } from 'node:fs'
import { loadConfig } from '../../config/load.ts'
import { readSource } from '../../config/document/read-source.ts'
import { measured, withCapabilities } from '../../format-tools/live/capabilities.ts'
import { liveText } from '../../format-tools/live/live-text.ts'
import { runLive, storeCases } from '../../format-tools/live/run-live.ts'
import { startProvider } from '../../app/sandbox-fallback.ts'
import { proxyOf } from '../../upstream/http/connection-pools.ts'
import { createClient } from '../../upstream/http/client.ts'
import { UsageError } from '../command-line.ts'
import { findLive } from '../find-live.ts'

export interface LiveOptions {
  /** The first that the provider lists when none is named. */
  models?: string[]
  /** Folder in which the exchanges are stored as cases. */
  record?: string
  /** Write what was measured into the configuration's file. */
  write?: boolean
  /** Tell it for programs. */
  json?: boolean
}

export async function runTestLive(name: string | undefined, file: string, options: LiveOptions): Promise<number> {
  if (name === undefined) throw new UsageError('test --live needs a provider')
  const { provider, close } = await startProvider(findLive(loadConfig(file, process.env), name))
  const models = options.models ?? Object.keys(provider.models).slice(0, 1)
  if (models.length === 0) throw new UsageError(`${name} lists no model; name one with --model`)
  const client = createClient({ proxy: proxyOf(process.env) })
  let failed = false
  const tell = options.json ? (): void => {} : console.log
  const told: object[] = []
  try {
    for (const model of models) {
      const exchanges = await runLive(provider, model, provider.keys[0]?.secret ?? '', client)
      tell(liveText(name, model, exchanges))
      told.push({
        provider: name,
        model,
        exchanges: exchanges.map(({ probe, faults, warnings, milliseconds: ms }) => ({
          name: probe.name,
          ok: faults.length === 0,
          ms,
          faults,
          warnings,
        })),
        measured: measured(exchanges),
      })
      if (options.record !== undefined) tell(`\nstored as cases: ${storeCases(options.record, name, model, exchanges)}`)
      if (options.write) {
        writeFileSync(file, withCapabilities(readSource(file), name, model, measured(exchanges)))
        tell(`\nwritten into ${file}`)
      }
      failed ||= exchanges.some(({ faults }) => faults.length > 0)
    }
    if (options.json) console.log(JSON.stringify(told, null, 2))
    return failed ? 1 : 0
  } finally {
    await client.destroy()
    await close()
  }
}
