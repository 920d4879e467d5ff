/** A whole gateway on a port of its own, from a configuration given as an object. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createApp, type App, type AppOptions } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'

export interface TestGateway {
  /** `http://127.0.0.1:PORT`; the SDKs' base URL is this and `/v1`. */
  url: string
  app: App
  /** Everything that was logged, a line an entry. */
  lines: string[]
  close(): Promise<void>
}

export async function startGateway(
  config: Record<string, unknown>,
  environment: NodeJS.ProcessEnv = {},
  options: Partial<AppOptions> = {},
): Promise<TestGateway> {
  const directory = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
  const file = path.join(directory, 'providers.yaml')
  writeFileSync(file, JSON.stringify(config))
  const lines: string[] = []
  const app = await createApp(loadConfig(file, environment), {
    level: 'info',
    write: (line) => void lines.push(line),
    ...options,
  })
  const url = await app.server.listen({ port: 0, host: '127.0.0.1' })
  return {
    url,
    app,
    lines,
    async close() {
      await app.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** The embedded upstream at full speed, behind the public name `fast`. */
export const SANDBOX = {
  providers: {
    sandbox: { format: 'openai', base_url: 'sandbox:', keyless: true, models: { 'sandbox-fast': {} } },
  },
  models: { fast: ['sandbox/sandbox-fast'] },
}
