// What tsc leaves behind and the built package needs: definitions and schemas.
import { cpSync } from 'node:fs'

const assets = (file) => !/\.(ts|mjs)$/.test(file)
cpSync('src', 'dist', { recursive: true, filter: assets })
