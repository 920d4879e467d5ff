/**
 * Some vendors want opaque state back with a call, and some client APIs have no field for it: it rides on the call's id, which
 * every client gives back as it is, with the call and with its result.
 */
const MARK = '__state_'

export function signedId(id: string, signature: string | undefined): string {
  return signature === undefined ? id : `${id}${MARK}${Buffer.from(signature).toString('base64url')}`
}

export function readSignedId(id: string): { id: string; signature?: string } {
  const at = id.indexOf(MARK)
  if (at < 0) return { id }
  return { id: id.slice(0, at), signature: Buffer.from(id.slice(at + MARK.length), 'base64url').toString() }
}
