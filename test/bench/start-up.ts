/** From nothing to the first answer, with the whole catalogue of providers live. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort, start } from './process.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export interface StartUp {
  /** Milliseconds, the best of some starts. */
  best: number
  providers: number
}

const STARTS = 5

export async function measureStartUp(): Promise<StartUp> {
  const config = file('../../providers.yaml')
  const written = readFileSync(config, 'utf8')
  // every variable that the catalogue names is set, so that every provider is live
  const named = [...written.matchAll(/\$\{?([A-Z][A-Z0-9_]+)/g)].map((match) => match[1] ?? '')
  for (const name of named) process.env[name] ??= /URL|HOST/.test(name) ? 'http://127.0.0.1:1' : 'a-key-for-the-bench'
  let best = Infinity
  let providers = 0
  for (let i = 0; i < STARTS; i++) {
    const port = await freePort()
    const begun = performance.now()
    const args = [file('../../src/main.ts'), 'serve', '--config', config, '--port', String(port)]
    const started = await start('gateway', args, port)
    const answer = await fetch(`http://127.0.0.1:${port}/health`)
    await answer.text()
    best = Math.min(best, performance.now() - begun)
    const models = await fetch(`http://127.0.0.1:${port}/v1/models`)
    const list = Object(await models.json()).data as { owned_by?: string }[] | undefined
    providers = new Set(list?.map((model) => model.owned_by)).size
    await started.stop()
  }
  return { best, providers }
}
