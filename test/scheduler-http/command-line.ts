/** The command line as a process of its own. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Ended {
  code: number | null
  output: string
  errors: string
}

export function start(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<null, Readable, Readable> {
  const { PATH } = process.env
  return spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Resolves when it has ended by itself. */
export async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = start(args, env)
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, output, errors }
}

/** Resolves with the address that it greets with. Throws when it ends before. */
export async function greeted(child: ReturnType<typeof start>): Promise<string> {
  let said = ''
  for await (const piece of child.stdout) {
    said += String(piece)
    const address = /balanced-call on (http:\/\/[^/\s]+)/.exec(said)?.[1]
    if (address !== undefined) {
      // what it says later is read and dropped, so that it never waits for a reader
      child.stdout.resume()
      return address
    }
  }
  throw new Error(`it ended without a greeting: ${said}${await text(child.stderr)}`)
}
