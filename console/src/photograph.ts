/** Making what somebody picked into what the service keeps: a JPEG that is not too large. */
import { Refused } from './api/errors'

/** The service's own limit. */
export const LARGEST_BYTES = 8 * 1024 * 1024
const LONGEST_PX = 3000
const QUALITY = 0.9

/** A photograph that can be kept as it is stays so, byte for byte. */
export const isKeptAsItIs = (file: Pick<File, 'type' | 'size'>) =>
  file.type === 'image/jpeg' && file.size <= LARGEST_BYTES

/** Width and height, no side longer than the longest; in whole pixels. */
export function fitted(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** @throws Refused with `unreadable` for what this browser cannot open. */
export async function asJpeg(file: File, unreadable: string): Promise<ArrayBuffer> {
  if (isKeptAsItIs(file)) return file.arrayBuffer()
  let picture: ImageBitmap
  try {
    picture = await createImageBitmap(file)
  } catch {
    throw new Refused(415, unreadable)
  }
  const { width, height } = fitted(picture.width, picture.height)
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.drawImage(picture, 0, 0, width, height)
  picture.close()
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
  if (made === null) throw new Refused(415, unreadable)
  return made.arrayBuffer()
}
