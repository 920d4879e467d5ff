/** The servers that are run, each with its pinned version, how it is brought here and what it does differently. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startProcess } from './process.ts'
import type { RunningServer } from './setting.ts'

export interface Server {
  name: string
  version: string
  /** The program that must be on the machine. */
  needs: string
  /** Installs it and makes its model below the folder, where it has not been done; then starts it. */
  start(folder: string): Promise<RunningServer>
  /** Scenarios that come out otherwise by the server's own doing, each with how. */
  differs?: Record<string, string>
  /** Scenarios that cannot be run, each with why. */
  notRun?: Record<string, string>
}

const PROGRAMS = join(import.meta.dirname, 'programs')
const KEY = 'key-of-a-server-0001'

/** A virtual environment, kept between runs by name and version. */
function python(folder: string, ...packages: string[]): string {
  const binary = join(folder, 'bin/python')
  if (!existsSync(join(folder, 'installed'))) {
    execFileSync('python3', ['-m', 'venv', folder])
    execFileSync(binary, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' })
    execFileSync('touch', [join(folder, 'installed')])
  }
  return binary
}

function ggufModel(folder: string, binary: string): string {
  const file = join(folder, 'tiny.gguf')
  if (!existsSync(file)) execFileSync(binary, ['-B', join(PROGRAMS, 'gguf_model.py'), file], { stdio: 'inherit' })
  return file
}

const xllamacpp: Server = {
  name: 'xllamacpp',
  version: '2026.10.11549',
  needs: 'python3',
  async start(folder) {
    const binary = python(folder, `xllamacpp==${this.version}`, 'gguf==0.19.0')
    const model = ggufModel(folder, binary)
    const serve = async (...more: string[]): Promise<{ origin: string; stop(): Promise<void> }> => {
      const port = await freePort()
      const origin = `http://127.0.0.1:${port}`
      const args = [join(PROGRAMS, 'xllamacpp_serve.py'), model, String(port), KEY, ...more]
      const log = join(folder, `server${more.join('')}.log`)
      return { origin, ...(await startProcess({ file: binary, args }, `${origin}/health`, log)) }
    }
    const [chat, embed] = await Promise.all([serve(), serve('embed')])
    return {
      url: `${chat.origin}/v1`,
      chatUrl: `${chat.origin}/v1/chat/completions`,
      format: 'llamacpp',
      model: 'tiny',
      key: KEY,
      embeddings: { url: `${embed.origin}/v1`, model: 'tiny' },
      stop: async () => void (await Promise.all([chat.stop(), embed.stop()])),
    }
  },
}

export const SERVERS: Server[] = [xllamacpp]

/** Made where it is not there. */
export function folderOf(server: Server, root: string): string {
  const folder = join(root, `${server.name}-${server.version}`)
  mkdirSync(root, { recursive: true })
  return folder
}
