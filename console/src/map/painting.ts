/**
 * Drawing one piece of the map. Knows shapes and colours, and nothing of where they come from.
 * Colour is never the only sign: what is blind is a crossed lozenge, what is down is crossed out,
 * what sees the incident has a thick edge and its name.
 */
import type { MapHousehold } from '../api/map'
import type { World } from './geometry'
import type { Mark } from './marks'
import type { Area, CameraMark, LayerName, Scene } from './scene'

export interface Palette {
  ground: string
  panel: string
  line: string
  text: string
  home: string
  blind: string
  camera: string
  font: string
}

export interface Look {
  layers: ReadonlySet<LayerName>
  /** Cameras that are not watching. */
  down: ReadonlySet<string>
  /** What an incident is about: those who called, and the cameras that see it. */
  marked: ReadonlySet<string>
  palette: Palette
  /** Tiles lie below: areas are not filled. */
  overTiles: boolean
}

/** Marks whose middle lies beside a piece reach into it. */
export const MARGIN = 90
const TURN = 2 * Math.PI

export function paint(
  pen: CanvasRenderingContext2D,
  scene: Scene,
  look: Look,
  zoom: number,
  left: number,
  top: number,
  size: number,
): void {
  const scale = 2 ** zoom
  const shown = scene.shown(zoom, left, top, size, size, MARGIN)
  const at = ([x, y]: World): [number, number] => [x * scale - left, y * scale - top]
  const { layers } = look
  if (layers.has('boundaries')) {
    for (const area of shown.areas) drawArea(pen, area, at, look, zoom)
  }
  if (layers.has('cameras') && layers.has('views')) {
    for (const camera of shown.views) drawView(pen, camera, at, scale, look)
  }
  if (layers.has('households')) {
    for (const mark of shown.homes) drawHomes(pen, mark, mark.x - left, mark.y - top, look, zoom)
  }
  if (layers.has('cameras')) {
    for (const mark of shown.cameras) drawCameras(pen, mark, mark.x - left, mark.y - top, look, zoom)
  }
  if (layers.has('boundaries')) {
    for (const area of shown.areas) nameArea(pen, area, at, look, zoom)
  }
}

type At = (point: World) => [number, number]

function trace(pen: CanvasRenderingContext2D, ring: readonly World[], at: At): void {
  ring.forEach((point, index) => {
    const [x, y] = at(point)
    if (index === 0) pen.moveTo(x, y)
    else pen.lineTo(x, y)
  })
  pen.closePath()
}

function drawArea(pen: CanvasRenderingContext2D, area: Area, at: At, look: Look, zoom: number): void {
  if (area.kind === 'grid' && zoom < 13) return
  pen.beginPath()
  for (const ring of area.rings) trace(pen, ring, at)
  if (area.kind === 'village' && !look.overTiles) {
    pen.fillStyle = look.palette.panel
    pen.fill('evenodd')
  }
  const wide = area.kind === 'village' ? 2 : 1
  if (look.overTiles) {
    // an edge of its own: nobody knows how light or dark a ground of others is
    pen.strokeStyle = look.palette.ground
    pen.lineWidth = wide + 3
    pen.stroke()
  }
  pen.strokeStyle = look.palette.line
  pen.lineWidth = wide
  pen.setLineDash(area.kind === 'village' ? [] : [6, 5])
  pen.stroke()
  pen.setLineDash([])
}

function nameArea(pen: CanvasRenderingContext2D, area: Area, at: At, look: Look, zoom: number): void {
  if (area.kind === 'grid' ? zoom < 15 : zoom < 11) return
  const [x, y] = at(area.middle)
  write(pen, area.name, x, y, look, area.kind === 'village' ? 17 : 13)
}

function drawView(pen: CanvasRenderingContext2D, one: CameraMark, at: At, scale: number, look: Look): void {
  const isMarked = look.marked.has(one.camera.id)
  const isDown = look.down.has(one.camera.id)
  pen.beginPath()
  if (one.outline === null) {
    // how far, and nobody knows where to: an open ring, never a field
    const [x, y] = at(one.at)
    pen.arc(x, y, one.reach * scale, 0, TURN)
    pen.setLineDash([3, 6])
  } else {
    trace(pen, one.outline, at)
    pen.fillStyle = look.palette.camera
    pen.globalAlpha = isDown ? 0.04 : isMarked ? 0.36 : 0.16
    pen.fill()
    if (isDown) pen.setLineDash([7, 5])
  }
  pen.globalAlpha = isMarked ? 1 : 0.65
  pen.strokeStyle = isMarked ? look.palette.text : look.palette.camera
  pen.lineWidth = isMarked ? 2.5 : 1
  pen.stroke()
  pen.globalAlpha = 1
  pen.setLineDash([])
}

function drawHomes(
  pen: CanvasRenderingContext2D,
  mark: Mark<MapHousehold>,
  x: number,
  y: number,
  look: Look,
  zoom: number,
): void {
  const [only, ...more] = mark.all
  const sighted = look.layers.has('sight')
  if (more.length > 0) {
    const blind = sighted ? mark.all.filter((one) => one.sight === 'blind').length : 0
    return drawMany(pen, x, y, mark.all.length, blind / mark.all.length, look)
  }
  const radius = zoom >= 17 ? 6 : zoom >= 16 ? 5 : 4
  const isMarked = look.marked.has(only!.id)
  const { home, blind, ground, text } = look.palette
  pen.lineWidth = 2
  if (sighted && only!.sight === 'blind') drawLozenge(pen, x, y, radius + 3, blind, ground)
  else {
    pen.beginPath()
    pen.arc(x, y, radius, 0, TURN)
    pen.fillStyle = sighted && only!.sight !== 'seen' ? ground : home
    pen.fill()
    pen.strokeStyle = sighted && only!.sight !== 'seen' ? home : ground
    pen.stroke()
    if (sighted && only!.sight === 'near') {
      // within somebody's reach: half full
      pen.beginPath()
      pen.arc(x, y, radius, Math.PI / 2, 1.5 * Math.PI)
      pen.fillStyle = home
      pen.fill()
    }
  }
  if (isMarked) {
    pen.beginPath()
    pen.arc(x, y, radius + 5, 0, TURN)
    pen.strokeStyle = text
    pen.lineWidth = 3
    pen.stroke()
  }
  if (zoom >= 18 || (isMarked && zoom >= 16)) write(pen, only!.label, x, y + radius + 13, look, 13)
}

function drawLozenge(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  colour: string,
  ground: string,
): void {
  pen.beginPath()
  pen.moveTo(x, y - radius)
  pen.lineTo(x + radius, y)
  pen.lineTo(x, y + radius)
  pen.lineTo(x - radius, y)
  pen.closePath()
  pen.fillStyle = ground
  pen.fill()
  const arm = radius * 0.36
  pen.moveTo(x - arm, y - arm)
  pen.lineTo(x + arm, y + arm)
  pen.moveTo(x + arm, y - arm)
  pen.lineTo(x - arm, y + arm)
  pen.strokeStyle = colour
  pen.stroke()
}

function drawMany(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  count: number,
  blind: number,
  look: Look,
): void {
  const radius = 12 + Math.min(9, Math.log2(count) * 1.5)
  const { home, panel, text } = look.palette
  pen.beginPath()
  pen.arc(x, y, radius, 0, TURN)
  pen.fillStyle = panel
  pen.fill()
  pen.strokeStyle = home
  pen.lineWidth = 3
  pen.stroke()
  if (blind > 0) {
    // the share that no camera sees, from the top clockwise, and thicker
    pen.beginPath()
    pen.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + blind * TURN)
    pen.strokeStyle = look.palette.blind
    pen.lineWidth = 6
    pen.stroke()
  }
  pen.fillStyle = text
  number(pen, count, x, y, look)
}

function drawCameras(
  pen: CanvasRenderingContext2D,
  mark: Mark<CameraMark>,
  x: number,
  y: number,
  look: Look,
  zoom: number,
): void {
  const [only, ...more] = mark.all
  const { camera: colour, ground, blind, text } = look.palette
  if (more.length > 0) {
    pen.fillStyle = ground
    pen.strokeStyle = colour
    pen.lineWidth = 2
    pen.beginPath()
    pen.roundRect(x - 15, y - 12, 30, 24, 5)
    pen.fill()
    pen.stroke()
    pen.fillStyle = text
    number(pen, mark.all.length, x, y, look)
    return
  }
  const { camera } = only!
  const isDown = look.down.has(camera.id)
  const isMarked = look.marked.has(camera.id)
  const half = zoom >= 16 ? 7 : 5
  pen.fillStyle = isDown ? ground : colour
  pen.strokeStyle = isDown ? blind : ground
  pen.lineWidth = 2
  pen.beginPath()
  pen.rect(x - half, y - half, 2 * half, 2 * half)
  pen.fill()
  pen.stroke()
  if (isDown) {
    pen.beginPath()
    pen.moveTo(x - half, y - half)
    pen.lineTo(x + half, y + half)
    pen.moveTo(x + half, y - half)
    pen.lineTo(x - half, y + half)
    pen.stroke()
  } else {
    pen.beginPath()
    pen.arc(x, y, half / 2.4, 0, TURN)
    pen.fillStyle = ground
    pen.fill()
  }
  if (isMarked) {
    pen.strokeStyle = text
    pen.lineWidth = 3
    pen.strokeRect(x - half - 4, y - half - 4, 2 * half + 8, 2 * half + 8)
  }
  if (zoom >= 18 || (isMarked && zoom >= 16)) write(pen, camera.name, x, y - half - 13, look, 13)
}

function number(pen: CanvasRenderingContext2D, count: number, x: number, y: number, look: Look): void {
  pen.font = `600 13px ${look.palette.font}`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(String(count), x, y + 0.5)
}

/** With an edge of the ground's colour, so that it reads over anything. */
function write(
  pen: CanvasRenderingContext2D,
  words: string,
  x: number,
  y: number,
  look: Look,
  px: number,
): void {
  pen.font = `600 ${px}px ${look.palette.font}`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.lineJoin = 'round'
  pen.lineWidth = 4
  pen.strokeStyle = look.palette.ground
  pen.strokeText(words, x, y)
  pen.fillStyle = look.palette.text
  pen.fillText(words, x, y)
}
