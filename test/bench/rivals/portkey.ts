/** Portkey's gateway: each request names its provider, and where that is, in headers. */
import { join } from 'node:path'
import type { Candidate } from '../measure.ts'
import type { Phase } from '../phases.ts'
import { freePort, start } from '../process.ts'
import { fetchPackage } from './package.ts'

/**
 * @hono/node-server 1.19.5 (and 1.19.19; those between 1.13.7 and it were not tried) keeps fetch's own headers where Portkey makes a new response of a fetched stream; it then appends to
 * them, which are immutable, and answers 500 to every stream, on Node 24 as on 26.
 */
const SERVER = '1.13.7'

const PROVIDERS = { openai: 'openai', anthropic: 'anthropic', responses: 'openai', gemini: 'google' }

export async function portkey(upstream: number, directory: string): Promise<Candidate> {
  const { folder, version } = fetchPackage('@portkey-ai/gateway', '1.15.2', directory, { '@hono/node-server': SERVER })
  const port = await freePort()
  const root = `http://127.0.0.1:${upstream}`
  return {
    process: await start(
      `Portkey ${version}`,
      [join(folder, 'build/start-server.js'), `--port=${port}`, '--headless'],
      port,
      { quiet: true },
    ),
    bare: false,
    model: ({ model }: Pick<Phase, 'model'>) => model,
    headers: ({ provider }) => ({
      'x-portkey-provider': PROVIDERS[provider],
      'x-portkey-custom-host': provider === 'gemini' ? `${root}/v1beta` : `${root}/v1`,
    }),
    endsSilently: ['gemini'],
    note: `Portkey runs on @hono/node-server ${SERVER}: with newer ones it answers 500 to every stream. Its Gemini streams end without [DONE].`,
  }
}
