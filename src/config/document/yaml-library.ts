/** The YAML parser that keeps positions. A sound file is mostly read without it, and loading it would cost every start 20 ms. */
import type * as Yaml from 'yaml'
import { onDemand } from '../../runtime/modules.ts'

export const yamlLibrary = onDemand<typeof Yaml>('yaml', import.meta.url)
