import { randomBytes } from 'node:crypto'

/** A fresh identifier in OpenAI's manner: `call_` or `chatcmpl-`, then 24 letters and digits. */
export function makeId(prefix: string): string {
  return prefix + randomBytes(18).toString('base64url').replaceAll('-', 'A').replaceAll('_', 'b')
}
