/** The sandbox's pictures from pictures, speech and transcripts: by forms in, by bytes, texts or events out. */
import { BadRequest } from '../error.ts'
import { PIXEL } from './relayed.ts'

export interface MadeMedia {
  type: string
  body: string | Buffer
}

/** By path. Throw a BadRequest that names the field. */
export const MEDIA: Readonly<Record<string, (fields: ReadonlyMap<string, unknown>) => MadeMedia>> = {
  '/audio/speech': (fields) => {
    const input = textOf(fields, 'input')
    return fields.get('stream_format') === 'sse' ? speechEvents(input) : { type: 'audio/wav', body: tone(input) }
  },
  '/audio/transcriptions': (fields) => transcript(fields),
  '/audio/translations': (fields) => transcript(fields),
  '/images/edits': (fields) => {
    fileOf(fields, fields.has('image') ? 'image' : 'image[]')
    textOf(fields, 'prompt')
    return json({ created: 1_767_225_600, data: [{ b64_json: PIXEL }] })
  },
  '/images/variations': (fields) => {
    fileOf(fields, 'image')
    return json({ created: 1_767_225_600, data: [{ b64_json: PIXEL }] })
  },
}

/** The fields of a form, or of a JSON object. Throws a BadRequest for what is neither. */
export async function fieldsOf(bytes: Buffer<ArrayBuffer>, type: string): Promise<ReadonlyMap<string, unknown>> {
  try {
    if (!type.startsWith('multipart/form-data'))
      return new Map(Object.entries(JSON.parse(bytes.toString()) as Record<string, unknown>))
    return new Map(await new Response(bytes, { headers: { 'content-type': type } }).formData())
  } catch {
    throw new BadRequest('', 'We could not parse the body of your request.')
  }
}

function transcript(fields: ReadonlyMap<string, unknown>): MadeMedia {
  const size = fileOf(fields, 'file')
  const said = `You sent ${size} bytes of sound.`
  const usage = { type: 'tokens', input_tokens: 10, output_tokens: 6, total_tokens: 16 }
  if (fields.get('stream') === 'true') {
    const deltas = said.split(/(?= )/).map((delta) => ({ type: 'transcript.text.delta', delta }))
    return events([...deltas, { type: 'transcript.text.done', text: said, usage }])
  }
  switch (fields.get('response_format')) {
    case 'text':
      return { type: 'text/plain; charset=utf-8', body: `${said}\n` }
    case 'srt':
      return { type: 'text/plain; charset=utf-8', body: `1\n00:00:00,000 --> 00:00:01,000\n${said}\n` }
    case 'vtt':
      return { type: 'text/plain; charset=utf-8', body: `WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n${said}\n` }
    case 'verbose_json':
      return json({ task: 'transcribe', language: 'english', duration: 1, text: said, segments: [] })
    default:
      return json({ text: said, usage })
  }
}

const RATE = 8000

/** A WAV of a low tone, as long as its text takes to be said: 15 letters a second, ten seconds at most. */
function tone(input: string): Buffer {
  const samples = Math.min(Math.ceil((input.length * RATE) / 15), 10 * RATE)
  const wav = Buffer.alloc(44 + samples, 128)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + samples, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE, 28)
  wav.writeUInt16LE(1, 32)
  wav.writeUInt16LE(8, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples, 40)
  for (let i = 0; i < samples; i++) wav[44 + i] = 128 + Math.round(60 * Math.sin((2 * Math.PI * 220 * i) / RATE))
  return wav
}

function speechEvents(input: string): MadeMedia {
  const audio = tone(input).toString('base64')
  const usage = { input_tokens: input.split(/\s+/).length, output_tokens: 10, total_tokens: 10 }
  return events([
    { type: 'speech.audio.delta', audio },
    { type: 'speech.audio.done', usage },
  ])
}

function events(list: Record<string, unknown>[]): MadeMedia {
  return { type: 'text/event-stream', body: list.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('') }
}

function json(body: unknown): MadeMedia {
  return { type: 'application/json', body: JSON.stringify(body) }
}

function textOf(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name)
  if (typeof value === 'string') return value
  throw new BadRequest(name, `Missing required parameter: '${name}'.`)
}

/** Bytes; what JSON names instead of a file has none. */
function fileOf(fields: ReadonlyMap<string, unknown>, name: string): number {
  const value = fields.get(name)
  if (value === undefined) throw new BadRequest(name, `Missing required parameter: '${name}'.`)
  return value instanceof Blob ? value.size : 0
}
