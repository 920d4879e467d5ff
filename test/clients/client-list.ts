/** The clients that are run, each with its pinned version and how it is brought here. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Client {
  name: string
  version: string
  /** The program that must be on the machine. */
  needs: string
  /** Installs it into the folder; what then starts its program. */
  prepare(folder: string): { file: string; args: string[]; env?: NodeJS.ProcessEnv }
  /** Cases that fail by the client's own doing, whatever a server says, each with why. */
  own?: Record<string, string>
}

const PROGRAMS = join(import.meta.dirname, 'programs')

const python = (name: string, version: string, options: { packages?: string[]; own?: Client['own'] } = {}): Client => ({
  name,
  version,
  needs: 'python3',
  ...(options.own && { own: options.own }),
  prepare(folder) {
    const packages = options.packages ?? [`${name}==${version}`]
    if (!existsSync(folder)) {
      execFileSync('python3', ['-m', 'venv', folder])
      execFileSync(join(folder, 'bin/pip'), ['install', '--quiet', ...packages], { stdio: 'inherit' })
    }
    return { file: join(folder, 'bin/python'), args: [join(PROGRAMS, `${name}.py`)] }
  },
})

/** A program of its own package beside `say.go`, built into the folder. */
const go = (name: string, version: string, module: string, own?: Client['own']): Client => ({
  name,
  version,
  needs: 'go',
  ...(own && { own }),
  prepare(folder) {
    const command = (...args: string[]) =>
      execFileSync('go', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const isNew = !existsSync(folder)
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(PROGRAMS, 'go/say.go'), join(folder, 'say.go'))
    copyFileSync(join(PROGRAMS, `go/${name}.go`), join(folder, 'main.go'))
    if (isNew) command('mod', 'init', 'client')
    if (isNew) command('get', `${module}@v${version}`)
    command('build', '-o', 'client', '.')
    return { file: join(folder, 'client'), args: [] }
  },
})

export const CLIENTS: Client[] = [
  python('openai-python', '3.57.0', { packages: ['openai==3.57.0'] }),
  python('langchain-openai', '1.7.4'),
  python('pydantic-ai', '2.68.0', { packages: ['pydantic-ai-slim[openai]==2.68.0'] }),
  python('llama-index', '0.8.1', { packages: ['llama-index-llms-openai-like==0.8.1'] }),
  go('openai-go-v1', '1.12.0', 'github.com/openai/openai-go'),
  go('openai-go-v3', '3.99.0', 'github.com/openai/openai-go/v3'),
  go('go-openai', '1.43.0', 'github.com/sashabaranov/go-openai'),
]
