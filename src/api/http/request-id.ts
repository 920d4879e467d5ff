import { randomBytes, randomFillSync } from 'node:crypto'

/** Bytes of one identifier; chance is fetched for many at once. */
const BYTES = 18
const pool = Buffer.alloc(BYTES * 128)
let used = pool.length

/** A fresh identifier in OpenAI's manner: `call_` or `chatcmpl-`, then 24 letters and digits. */
export function makeId(prefix: string): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString('base64url', used, (used += BYTES))
  return prefix + text.replaceAll('-', 'A').replaceAll('_', 'b')
}

/** Names of requests, different in all processes: this one's by chance, then a count. */
export function createRequestIds(): () => string {
  const own = `req_${randomBytes(12).toString('hex')}`
  let count = 0
  return () => own + (++count).toString(16).padStart(8, '0')
}
