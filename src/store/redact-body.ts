/** Known secrets of a text by their value, others by their shape. */
import { SECRET_SHAPES } from '../runtime/secret-shapes.ts'

export function redactBody(text: string, redact: (text: string) => string): string {
  return SECRET_SHAPES.reduce((all, shape) => all.replaceAll(shape, '[secret]'), redact(text))
}
