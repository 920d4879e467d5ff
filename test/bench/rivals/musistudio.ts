/** @musistudio/llms, a Fastify server that translates between vendors' formats. */
import { fileURLToPath } from 'node:url'
import type { Candidate } from '../measure.ts'
import { freePort, start } from '../process.ts'
import { fetchPackage } from './package.ts'

const SERVER = fileURLToPath(new URL('./musistudio-server.ts', import.meta.url))

export async function musistudio(upstream: number, directory: string): Promise<Candidate> {
  const { folder, version } = fetchPackage('@musistudio/llms', 'latest', directory)
  return {
    process: await start(
      `@musistudio/llms ${version}`,
      [SERVER, folder, `http://127.0.0.1:${upstream}`],
      await freePort(),
      { quiet: true },
    ),
    bare: false,
    endsSilently: ['gemini'],
    fits: ({ provider }) => provider !== 'anthropic',
    model: ({ provider, model }) => `${provider},${model}`,
    note: '@musistudio/llms writes Anthropic’s format only for Vertex: it has no Anthropic phases. Its Gemini streams end without [DONE].',
  }
}
