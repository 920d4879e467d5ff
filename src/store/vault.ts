/** Secrets at rest: AES-256-GCM by a key that is not beside them, or in a file for this user alone. */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Vault {
  /** @param about what the secret belongs to: it opens for nothing else */
  seal(secret: string, about: string): string
  /** Throws for what was sealed by another key, for something else, or was changed. */
  open(sealed: string, about: string): string
}

export const SECRET_KEY = 'BALANCED_CALL_SECRET_KEY'
export const KEY_FILE = 'secret.key'

const SHORTEST = 16
const SALT = 16
const NONCE = 12
const TAG = 16

/**
 * Throws for a key that is too short, and for a file that others may read.
 * @param given of the environment: any text of 16 characters or more; without it a file in the folder has the key, which is
 * made where there is none
 * @param sealed something of before: with its salt fewer keys are derived, each of which takes a tenth of a second
 */
export function createVault(folder: string, given: string | undefined, sealed = ''): Vault {
  const text = given || fileKey(join(folder, KEY_FILE))
  if (text.length < SHORTEST) throw new Error(`${SECRET_KEY} needs ${SHORTEST} characters or more`)
  /** By salt: what makes guessing slow would make each secret slow. */
  const derived = new Map<string, Buffer>()
  const own = sealed === '' ? randomBytes(SALT) : Buffer.from(sealed, 'base64').subarray(0, SALT)
  const keyOf = (salt: Buffer): Buffer => {
    const name = salt.toString('hex')
    const known = derived.get(name) ?? scryptSync(text, salt, 32)
    derived.set(name, known)
    return known
  }
  return {
    seal(secret, about) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', keyOf(own), nonce).setAAD(Buffer.from(about))
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return Buffer.concat([own, nonce, cipher.getAuthTag(), body]).toString('base64')
    },
    open(sealed, about) {
      const bytes = Buffer.from(sealed, 'base64')
      const nonce = bytes.subarray(SALT, SALT + NONCE)
      const tag = bytes.subarray(SALT + NONCE, SALT + NONCE + TAG)
      const key = keyOf(bytes.subarray(0, SALT))
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
      decipher.setAAD(Buffer.from(about)).setAuthTag(tag)
      const body = bytes.subarray(SALT + NONCE + TAG)
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    },
  }
}

function fileKey(file: string): string {
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
  }
  const mode = statSync(file).mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new Error(
      `others may read ${file} (mode ${mode.toString(8)}): chmod 600, and take new keys where they may have`,
    )
  return readFileSync(file, 'utf8').trim()
}
