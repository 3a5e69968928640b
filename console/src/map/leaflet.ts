/**
 * The one door to Leaflet: a board that can be moved and zoomed, pieces painted by us, pins that
 * move, and tiles below where the settings name any. It is loaded with the first map, not with the
 * console. Everything that comes in is WGS-84.
 */
import L from 'leaflet'
import 'leaflet/dist/leaflet.css'

import type { MapTiles } from '../api/map'
import { inSystem } from './gcj02'
import type { Box, Spot } from './geometry'
import { type Look, paint } from './painting'
import type { Chosen, Scene } from './scene'

/** How far beside a mark a finger, or the cross in the middle, still means it: pixels. */
const REACH = 16
const PIECE = 512
const [FARTHEST_OUT, NEAREST] = [5, 20]
const WHOLE_COUNTRY: [L.LatLngTuple, number] = [[34, 108], 5]

export interface BoardPin {
  id: string
  spot: Spot
  /** Pixels beside the spot, where several would lie upon each other. */
  beside: readonly [number, number]
  /** What lies on top has the largest. */
  order: number
  element: HTMLElement
}

export interface BoardOptions {
  scene: Scene
  look: () => Look
  tiles: MapTiles | null
  words: { closer: string; farther: string }
  /** Nothing moves by itself. */
  still: boolean
  /** Part of a page that scrolls: a wheel or one finger scrolls the page. */
  small: boolean
  choose: (chosen: Chosen | null) => void
  open: (pin: string) => void
  /** A tile could not be had. */
  tilesAway: () => void
}

export class Board {
  private readonly map: L.Map
  private readonly painted: Painted
  private readonly pins = new Map<string, { marker: L.Marker; beside: string }>()
  private readonly resized: ResizeObserver
  private scene: Scene

  constructor(
    private readonly element: HTMLElement,
    private readonly options: BoardOptions,
  ) {
    const { still, small, tiles, words } = options
    this.scene = options.scene
    this.map = L.map(element, {
      zoomControl: false,
      attributionControl: false,
      minZoom: FARTHEST_OUT,
      maxZoom: NEAREST,
      scrollWheelZoom: !small,
      dragging: !(small && L.Browser.mobile),
      zoomAnimation: !still,
      fadeAnimation: !still,
      markerZoomAnimation: !still,
      inertia: !still,
    })
    this.map.setView(...WHOLE_COUNTRY)
    L.control.zoom({ position: 'topright', zoomInTitle: words.closer, zoomOutTitle: words.farther }).addTo(this.map)
    L.control.scale({ imperial: false, position: 'bottomleft' }).addTo(this.map)
    if (tiles !== null) this.lay(tiles)
    this.painted = new Painted((canvas, coords) => this.draw(canvas, coords))
    this.painted.addTo(this.map)
    this.map.on('click', (event: L.LeafletMouseEvent) => this.pick(event.latlng))
    element.addEventListener('keydown', this.pressed)
    this.resized = new ResizeObserver(() => this.map.invalidateSize({ animate: false }))
    this.resized.observe(element)
  }

  /** Other things stand on it now. */
  show(scene: Scene): void {
    this.scene = scene
    this.painted.repaint()
  }

  /** The same things look otherwise. */
  repaint(): void {
    this.painted.repaint()
  }

  /** Exactly these; what was there before and still is stays where it is. */
  put(pins: readonly BoardPin[]): void {
    const wanted = new Set(pins.map((pin) => pin.id))
    for (const [id, { marker }] of this.pins) {
      if (wanted.has(id)) continue
      marker.remove()
      this.pins.delete(id)
    }
    for (const pin of pins) {
      const beside = pin.beside.join(':')
      let kept = this.pins.get(pin.id)
      if (kept !== undefined && kept.beside !== beside) {
        kept.marker.remove()
        kept = undefined
      }
      if (kept === undefined) {
        kept = { marker: this.pinned(pin), beside }
        this.pins.set(pin.id, kept)
      } else kept.marker.setLatLng(this.latLng(pin.spot))
      kept.marker.setZIndexOffset(pin.order * 1000)
    }
  }

  /** So that all of the box is in sight, no nearer than this. */
  fit([west, south, east, north]: Box, nearest: number, animate = false): void {
    const corners = [
      this.latLng({ latitude: south, longitude: west }),
      this.latLng({ latitude: north, longitude: east }),
    ]
    this.map.fitBounds(L.latLngBounds(corners), {
      padding: [28, 28],
      maxZoom: nearest,
      animate: animate && !this.options.still,
    })
  }

  goTo(spot: Spot, zoom: number): void {
    this.map.setView(this.latLng(spot), Math.max(this.map.getZoom(), zoom), {
      animate: !this.options.still,
    })
  }

  destroy(): void {
    this.resized.disconnect()
    this.element.removeEventListener('keydown', this.pressed)
    this.map.remove()
  }

  private lay({ layers, subdomains, attribution, deepest_zoom }: MapTiles): void {
    const owner = document.createElement('span')
    owner.textContent = attribution
    L.control.attribution({ prefix: false }).addTo(this.map).addAttribution(owner.outerHTML)
    for (const address of layers) {
      L.tileLayer(address, {
        subdomains: subdomains === '' ? 'a' : subdomains,
        maxNativeZoom: deepest_zoom,
        maxZoom: NEAREST,
      })
        .on('tileerror', () => this.options.tilesAway())
        .addTo(this.map)
    }
  }

  private draw(canvas: HTMLCanvasElement, { x, y, z }: L.Coords): void {
    const sharp = Math.min(2, window.devicePixelRatio || 1)
    canvas.width = canvas.height = PIECE * sharp
    const pen = canvas.getContext('2d')!
    pen.scale(sharp, sharp)
    paint(pen, this.scene, this.options.look(), z, x * PIECE, y * PIECE, PIECE)
  }

  private pinned(pin: BoardPin): L.Marker {
    const icon = L.divIcon({
      html: pin.element,
      className: 'map-pin',
      iconSize: [0, 0],
      iconAnchor: [-pin.beside[0], -pin.beside[1]],
    })
    // not by the keyboard: hundreds of stops; the list beside the map has every one of them
    return L.marker(this.latLng(pin.spot), { icon, keyboard: false, riseOnHover: true })
      .on('click', () => this.options.open(pin.id))
      .addTo(this.map)
  }

  private readonly pressed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.target !== this.element) return
    event.preventDefault()
    this.pick(this.map.getCenter())
  }

  private pick(at: L.LatLng): void {
    const zoom = this.map.getZoom()
    const { x, y } = this.map.project(at, zoom)
    const chosen = this.scene.under(zoom, x, y, REACH, this.options.look().layers)
    if (chosen?.kind !== 'many') return this.options.choose(chosen)
    const box = chosen.spots.map((spot) => this.latLng(spot))
    this.map.fitBounds(L.latLngBounds(box), {
      padding: [60, 60],
      maxZoom: zoom + 3,
      animate: !this.options.still,
    })
  }

  private latLng(spot: Spot): L.LatLngTuple {
    const { latitude, longitude } = inSystem(spot, this.scene.system)
    return [latitude, longitude]
  }
}

type Draw = (canvas: HTMLCanvasElement, coords: L.Coords) => void

/** Pieces that we paint; each is painted again where it is, so that nothing flickers. */
class Painted extends L.GridLayer {
  private readonly pieces = new Map<HTMLCanvasElement, L.Coords>()
  private waiting = false

  constructor(private readonly draw: Draw) {
    super({ tileSize: PIECE, updateWhenZooming: false, keepBuffer: 1 })
    this.on('tileunload', ({ tile }: L.TileEvent) => {
      this.pieces.delete(tile as unknown as HTMLCanvasElement)
    })
  }

  protected override createTile(coords: L.Coords): HTMLElement {
    const canvas = document.createElement('canvas')
    this.pieces.set(canvas, coords)
    this.draw(canvas, coords)
    return canvas
  }

  /** With the next frame, however often it was asked for until then. */
  repaint(): void {
    if (this.waiting) return
    this.waiting = true
    requestAnimationFrame(() => {
      this.waiting = false
      for (const [canvas, coords] of this.pieces) this.draw(canvas, coords)
    })
  }
}
