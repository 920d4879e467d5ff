/** The clients that are run, each with its pinned version and how it is brought here. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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

export const CLIENTS: Client[] = [
  python('openai-python', '3.57.0', { packages: ['openai==3.57.0'] }),
  python('langchain-openai', '1.7.4'),
]
