/** Reads the JSON body of a request to the sandbox. */
import type { IncomingMessage } from 'node:http'
import { BadRequest } from './error.ts'
import { isObject } from './request.ts'
import type { Json } from './request.ts'

export async function readBytes(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Throws BadRequest for what is not a JSON object. */
export async function readBody(request: IncomingMessage): Promise<Json> {
  const text = (await readBytes(request)).toString('utf8')
  try {
    const body: unknown = JSON.parse(text)
    if (isObject(body)) return body
  } catch {
    throw new BadRequest('', 'We could not parse the JSON body of your request.')
  }
  throw new BadRequest('', 'The body must be a JSON object.')
}
