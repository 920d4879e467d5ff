/** What this machine gives: disk and permissions of the data folder, who may read the file with keys, and the port. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { KEY_FILE } from '../../store/vault.ts'
import { bad, good, warning, type Finding } from './finding.ts'

/** Bytes: the memory of a scheduler takes a hundredth. */
const LEAST_FREE = 100 * 1024 * 1024

export function dataFolder(folder: string | undefined): Finding {
  if (folder === undefined)
    return warning(
      'data',
      'nothing is kept across restarts',
      'Name a folder with --data or server.data: day limits count on after a restart.',
    )
  const made = nearestThatIs(folder)
  try {
    accessSync(made, constants.W_OK | constants.X_OK)
  } catch {
    return bad('data', `${folder} cannot be written`, `Give it to this user: chown $(id -u) ${made}`)
  }
  const { bavail, bsize } = statfsSync(made)
  const free = bavail * bsize
  const told = `${Math.round(free / 1024 / 1024)} MiB are free`
  if (free < LEAST_FREE)
    return bad('data', `${folder}: only ${told}`, 'Make room, or choose another folder with --data.')
  return good('data', `${folder} can be written, ${told}`)
}

/** The file that opens what is encrypted in the data folder; nothing where there is none. */
export function secretKeyFile(folder: string): Finding | undefined {
  const file = path.join(folder, KEY_FILE)
  const mode = statSync(file, { throwIfNoEntry: false })?.mode
  if (mode === undefined) return undefined
  if (process.platform === 'win32' || (mode & 0o077) === 0) return good('secret key', `${file} is this user's alone`)
  const advice = `chmod 600 ${file}, and take new keys from the providers where others may have read it.`
  return bad('secret key', `${file} opens the providers' keys beside it, and others may read it`, advice)
}

/** The folder is made at the start: what counts until then is the one that it will be in. */
function nearestThatIs(folder: string): string {
  let made = path.resolve(folder)
  while (!existsSync(made)) made = path.dirname(made)
  return made
}

/** @param secrets does the file hold keys themselves, and not the names of variables? */
export function readers(file: string, secrets: boolean): Finding {
  const { mode } = statSync(file)
  const others = (mode & 0o044) !== 0
  if (secrets && others && process.platform !== 'win32')
    return warning('permissions', `${file} holds keys, and others on this machine may read it`, `chmod 600 ${file}`)
  return good(
    'permissions',
    secrets ? `${file} is this user's alone` : `${file} holds no keys, only names of variables`,
  )
}

/** Is the port free, or ours? */
export async function port(
  host: string,
  number: number,
  isOurs: (origin: string) => Promise<boolean>,
): Promise<Finding> {
  if (number === 0) return good('port', 'any free one')
  const code = await listens(host, number)
  if (code === undefined) return good('port', `${number} on ${host} is free`)
  if (code === 'EADDRINUSE') {
    const called = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    if (await isOurs(`http://${called.includes(':') ? `[${called}]` : called}:${number}`))
      return good('port', `${number} on ${host} is taken by a gateway that runs`)
    return bad(
      'port',
      `${number} on ${host} is taken by another program`,
      'End it, or choose another port with --port.',
    )
  }
  const advice =
    code === 'EACCES'
      ? 'Ports below 1024 want more rights: choose another with --port.'
      : 'Choose another address with --host.'
  return bad('port', `nobody can listen on ${number} on ${host}: ${code}`, advice)
}

/** The code of the error, if any. */
function listens(host: string, number: number): Promise<string | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port: number }, () => server.close(() => resolve(undefined)))
  })
}
