/** Thoughts that only their vendor can read, in the one field that this API has for opaque state. */
const MARK = 'encrypted:'

/** Base64, as the field must be. */
export function encryptedState(data: string): string {
  return Buffer.from(MARK + data).toString('base64')
}

/** The data; undefined for every other state. */
export function readEncrypted(state: string): string | undefined {
  const text = Buffer.from(state, 'base64').toString()
  return text.startsWith(MARK) ? text.slice(MARK.length) : undefined
}
