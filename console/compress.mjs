/**
 * After the build: beside every file of the console that shrinks, itself in brotli and in gzip.
 * The service sends whichever the browser takes, and never compresses while somebody waits.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const BUILT = fileURLToPath(new URL('../linkage/web/static', import.meta.url))
const TEXT = /\.(css|html|js|json|svg)$/
/** A header of its own costs more than a smaller file saves. */
const WORTH_BYTES = 600

for (const entry of readdirSync(BUILT, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (!entry.isFile() || !TEXT.test(entry.name)) continue
  const content = readFileSync(path)
  if (content.length < WORTH_BYTES) continue
  const params = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  }
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }))
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
}
